// What both pages have in common: the socket, and what it says as plain data.

/// Calls `onParts` with the products of each part of the snapshot and whether it is the last, and
/// `onChanges` with each list of changes.
export function follow(onParts, onChanges) {
  const socket = new WebSocket(`ws://${location.host}/ws`);
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === 'snapshot') onParts(message.products, message.part === message.parts);
    if (message.type === 'changes') onChanges(message.changes);
  };
}

/// A product's cells.
export function cells(product) {
  return [
    product.title,
    product.code,
    product.category,
    product.price.toFixed(2),
    String(product.stock),
    product.status ? 'on sale' : '',
  ];
}
