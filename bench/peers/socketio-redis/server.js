// Several of the usual servers: Express and Socket.IO with its adapter for Redis Streams, products in a
// list of the same Redis.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import express from 'express';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const redis = createClient({ url: process.env.REDIS_URL });
// One that is away is tried again, by the client itself.
redis.on('error', () => {});
await redis.connect();

const app = express();
const server = createServer(app);
const io = new Server(server, { adapter: createAdapter(redis) });

app.use(express.json());
app.post('/api/products', async (request, response) => {
  try {
    const product = request.body;
    product.id = await redis.rPush('products', JSON.stringify(product));
    io.emit('added', product);
    response.status(201).json(product);
  } catch {
    response.status(503).json({});
  }
});
app.get('/api/products', async (request, response) => {
  response.json({ count: await redis.lLen('products') });
});

io.on('connection', async (socket) => {
  const products = await redis.lRange('products', 0, -1);
  socket.emit('products', products.map((product) => JSON.parse(product)));
});

const [host, port] = process.argv[process.argv.indexOf('--listen') + 1].split(':');
server.listen(Number(port), host, () => {
  console.log(`http://${host}:${server.address().port}/`);
});
