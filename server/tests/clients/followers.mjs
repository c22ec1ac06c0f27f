// Follows the list with one of the libraries that people use, and says each event on a line of its own.
import { EventSource } from 'eventsource';
import { fetchEventSource } from '@microsoft/fetch-event-source';

const [library, url] = process.argv.slice(2);
const say = (event, data, id) => {
  const { revision } = JSON.parse(data);
  console.log(JSON.stringify({ event, revision, id }));
};
if (library === 'eventsource') {
  const source = new EventSource(url);
  for (const event of ['snapshot', 'changes']) {
    source.addEventListener(event, ({ data, lastEventId }) => say(event, data, lastEventId));
  }
} else {
  // It is made for browsers, and asks the window for its timers.
  globalThis.window = globalThis;
  await fetchEventSource(url, {
    openWhenHidden: true,
    onmessage: ({ event, data, id }) => event && say(event, data, id),
    onerror: () => 500,
    // It ends with the server, and is to come back.
    onclose: () => { throw new Error('closed'); },
  });
}
