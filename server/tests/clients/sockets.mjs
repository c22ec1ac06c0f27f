// Connects with `ws` as it comes, offers compression and a subprotocol nobody knows, and says what came.
import WebSocket from 'ws';

const [url] = process.argv.slice(2);
let position = '';
const open = () => {
  const socket = new WebSocket(`${url}${position}`);
  socket.on('upgrade', ({ headers }) => console.log(JSON.stringify({
    event: 'open', protocol: headers['sec-websocket-protocol'] ?? null,
    extensions: headers['sec-websocket-extensions'] ?? null,
  })));
  socket.on('message', (text) => {
    const { type, catalog, revision, digest } = JSON.parse(text);
    if (catalog) socket.catalog = catalog;
    if (type === 'pulse' && (socket.catalog ??= open.catalog)) {
      open.catalog = socket.catalog;
      position = `?catalog=${socket.catalog}&since=${revision}&digest=${digest}`;
    }
    console.log(JSON.stringify({ event: type, revision }));
  });
  socket.on('close', (code) => {
    console.log(JSON.stringify({ event: 'close', code }));
    setTimeout(open, 100);
  });
  socket.on('error', () => {});
};
open();
