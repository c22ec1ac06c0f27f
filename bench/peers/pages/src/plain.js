// The list without a library: a row of a table for each product, the newest first.

import { cells, follow } from './list.js';

const body = document.querySelector('tbody');
const rows = new Map();

function makeRow(product) {
  const row = document.createElement('tr');
  for (const text of cells(product)) {
    row.appendChild(document.createElement('td')).textContent = text;
  }
  rows.set(product.id, row);
  return row;
}

function count() {
  document.body.dataset.count = rows.size;
}

follow(
  (products, isLast) => {
    const fragment = document.createDocumentFragment();
    for (const product of products) fragment.appendChild(makeRow(product));
    body.append(fragment);
    if (isLast) count();
  },
  (changes) => {
    for (const change of changes) {
      if (change.added) body.prepend(makeRow(change.added));
      if (change.updated) {
        const row = rows.get(change.updated.id);
        cells(change.updated).forEach((text, place) => {
          if (row.cells[place].textContent !== text) row.cells[place].textContent = text;
        });
      }
      if (change.deleted) {
        rows.get(change.deleted)?.remove();
        rows.delete(change.deleted);
      }
    }
    count();
  },
);
