// The live list, as a page of your own would keep it. It needs nothing but `socket.io-client`.
const find = (id) => document.getElementById(id);
const products = new Map();

// Where the list is, so that after a pause only what was missed is sent; and a name for this page,
// under which a command that is sent again is done once.
let position = {};
let commands = 0;
const page = crypto.randomUUID?.() ?? String(Math.random());
const auth = (tell) => tell({ ...position, page });
const socket = io({ auth, ackTimeout: 5000, retries: 10 });

// The list itself comes first, in parts when it is long. The last part says where it is.
socket.on('products', ({ catalog, revision, digest, part, products: some }) => {
  if (part === 1) {
    products.clear();
    position = {};
  }
  for (const product of some) products.set(product.id, product);
  if (digest) position = { catalog, since: revision, digest };
  show();
});

// Then every change, in order.
socket.on('changes', ({ revision, digest, changes }) => {
  for (const { added, updated, deleted } of changes) {
    const product = added ?? updated;
    if (product) products.set(product.id, product);
    else products.delete(deleted);
  }
  position = { ...position, since: revision, digest };
  show();
});

socket.on('pulse', ({ viewers }) => state(`Live, ${viewers} connected`));
socket.on('connect', () => socket.io.reconnectionDelay(1000));
socket.on('disconnect', () => state('Offline. The list is as it was.'));
socket.on('connect_error', (error) => socket.active || state(error.message));
// Before a planned stop each page is told another time to come back at.
socket.on('closing', ({ retry_after_ms: time }) =>
  socket.io.reconnectionDelay(Math.max(time, 100)));

find('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const draft = Object.fromEntries(new FormData(form));
  draft.stock = Number(draft.stock);
  // The answer comes when the product is saved, or says what is wrong with it.
  const { problem } = await send('add', { draft });
  for (const label of form.querySelectorAll('label')) {
    const name = label.querySelector('input').name;
    label.toggleAttribute('data-wrong', Boolean(problem?.fields?.some(({ field }) => field === name)));
  }
  if (!problem) form.reset();
});

async function send(command, body) {
  const wish = { request: ++commands, ...body };
  const unknown = { problem: { message: 'No answer came. Look whether it is in the list.' } };
  const answer = await socket.emitWithAck(command, wish).catch(() => unknown);
  find('problem').textContent = answer.problem?.message ?? '';
  return answer;
}

function state(text) {
  find('state').textContent = text;
}

function show() {
  find('list').replaceChildren(...[...products.values()].reverse().map(row));
}

function row({ id, title, price, stock }) {
  const item = document.createElement('li');
  const text = document.createElement('span');
  text.textContent = title;
  const button = document.createElement('button');
  button.textContent = 'Delete';
  button.onclick = () => send('delete', { id });
  item.append(text, `${price.toFixed(2)} · ${stock} left`, button);
  return item;
}
