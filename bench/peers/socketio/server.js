// The list as it is usually built: Express, Handlebars and Socket.IO, products in an array.
import { createServer } from 'node:http';
import express from 'express';
import { engine } from 'express-handlebars';
import { Server } from 'socket.io';

const app = express();
const server = createServer(app);
const io = new Server(server);
const products = [];

app.use(express.json());
app.engine('handlebars', engine());
app.post('/api/products', (request, response) => {
  const product = { id: products.length + 1, ...request.body };
  products.push(product);
  io.emit('added', product);
  response.status(201).json(product);
});

io.on('connection', (socket) => socket.emit('products', products));

const [host, port] = process.argv[process.argv.indexOf('--listen') + 1].split(':');
server.listen(Number(port), host, () => {
  console.log(`http://${host}:${server.address().port}/`);
});
