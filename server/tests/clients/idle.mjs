// Asks twice over one connection that rests in between, and says whether it was one.
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

const [url, seconds] = process.argv.slice(2);
let connections = 0;
subscribe('undici:client:connected', () => { connections += 1; });
const keepAliveTimeout = (Number(seconds) + 60) * 1000;
const dispatcher = new Agent({ keepAliveTimeout, keepAliveMaxTimeout: keepAliveTimeout });
for (const rest of [Number(seconds) * 1000, 0]) {
  const { body } = await request(url, { dispatcher });
  await body.text();
  await setTimeout(rest);
}
console.log(connections === 1 ? 'same' : `${connections} connections`);
await dispatcher.close();
