// Clients of Socket.IO, driven by lines of JSON on standard input. What happens to them is told by
// lines of JSON on standard output.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const clients = new Map();
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** A client that keeps the list as the README shows it. */
class Client {
  products = new Map();
  position = {};
  /** What the list was at each revision at which it was true: see `view`. */
  views = [];
  /** How many parts of snapshots came. */
  parts = 0;

  constructor(name, url, { auth = {}, quiet = false, ...options }) {
    this.name = name;
    this.quiet = quiet;
    this.socket = io(url, {
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 300,
      ...options,
      auth: (callback) => callback({ ...this.position, ...auth }),
    });
    this.socket.on('products', (body) => this.load(body));
    this.socket.on('changes', (body) => this.apply(body));
    this.socket.onAny((event, body) => this.quiet || tell({ client: name, event, body }));
    const transport = (event) => ({ name: transport }) =>
      tell({ client: name, event, body: { transport } });
    this.socket.io.on('open', () => {
      const { engine } = this.socket.io;
      transport('open')(engine.transport);
      engine.on('upgrade', transport('upgrade'));
    });
    this.socket.on('connect', () => tell({ client: name, event: 'connect' }));
    this.socket.on('disconnect', (reason) =>
      tell({ client: name, event: 'disconnect', body: { reason } }));
    this.socket.on('connect_error', (error) =>
      tell({ client: name, event: 'connect_error', body: { message: error.message } }));
  }

  load({ catalog, revision, digest, products, part }) {
    this.parts += 1;
    if (part === 1) {
      this.products.clear();
      this.position = {};
    }
    for (const product of products) this.products.set(product.id, product);
    if (digest) {
      this.position = { catalog, since: revision, digest };
      this.view();
    }
  }

  apply({ revision, digest, changes }) {
    for (const { added, updated, deleted } of changes) {
      const product = added ?? updated;
      if (product) this.products.set(product.id, product);
      else this.products.delete(deleted);
    }
    this.position = { ...this.position, since: revision, digest };
    this.view();
  }

  /** Notes the revision, and a hash of which products there are at which revisions. */
  view() {
    const products = [...this.products.values()].sort((a, b) => a.id - b.id);
    const list = products.map(({ id, revision }) => `${id}:${revision}\n`).join('');
    this.views.push([this.position.since, createHash('sha256').update(list).digest('hex')]);
  }

  pause() {
    this.network = this.socket.io.engine.transport.ws._socket;
    this.network.pause();
  }

  resume() {
    this.network.resume();
  }

  state() {
    const { position, views, parts } = this;
    return { position, views, parts, products: [...this.products.values()] };
  }
}

const commands = {
  open: ({ client, url, options }) => clients.set(client, new Client(client, url, options ?? {})),
  // With retries a client says first whether it has given up.
  emit: ({ client, call, event, args }) => clients.get(client).socket
    .emit(event, ...args, (...said) => tell({ client, event: 'answer', call, body: said.at(-1) })),
  state: ({ client }) => tell({ client, event: 'state', body: clients.get(client).state() }),
  lose: ({ client }) => clients.get(client).socket.io.engine.close(),
  close: ({ client }) => clients.get(client).socket.close(),
  // Reads nothing from the network, and says so once it doesn't.
  pause: ({ client }) => {
    clients.get(client).pause();
    tell({ client, event: 'paused' });
  },
  // What waits in Node is read, up to the end that the network has had meanwhile.
  resume: ({ client }) => clients.get(client).resume(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  commands[command](rest);
}
process.exit(0);
