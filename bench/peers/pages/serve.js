// Serves this folder, packed as any server would.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const types = { '.html': 'text/html', '.js': 'text/javascript' };
const packed = new Map();

const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  try {
    const type = types[extname(path)];
    if (!type || path.includes('..')) throw new Error(path);
    if (!packed.has(path)) packed.set(path, brotliCompressSync(readFileSync(`.${path}`)));
    response.writeHead(200, { 'Content-Type': type, 'Content-Encoding': 'br' });
    response.end(packed.get(path));
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
