// The list with React, and with react-window for the rows in view. What comes is taken once a frame.

import { memo, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { List } from 'react-window';
import { cells, follow } from './list.js';

const Cells = memo(({ product }) => cells(product).map((text, place) => <span key={place}>{text}</span>));

function Row({ index, style, products }) {
  return (
    <div className="row" style={style}>
      <Cells product={products[index]} />
    </div>
  );
}

function Page() {
  const [products, setProducts] = useState([]);
  const [isWhole, setWhole] = useState(false);
  useEffect(() => {
    const known = new Map();
    let isAsked = false;
    const show = () => {
      if (isAsked) return;
      isAsked = true;
      requestAnimationFrame(() => {
        isAsked = false;
        setProducts([...known.values()].sort((one, other) => other.id - one.id));
      });
    };
    follow(
      (part, isLast) => {
        for (const product of part) known.set(product.id, product);
        if (isLast) setWhole(true);
        show();
      },
      (changes) => {
        for (const change of changes) {
          const product = change.added ?? change.updated;
          if (product) known.set(product.id, product);
          else known.delete(change.deleted);
        }
        show();
      },
    );
  }, []);
  useEffect(() => {
    if (isWhole) document.body.dataset.count = products.length;
  });
  return (
    <List id="list" rowComponent={Row} rowCount={products.length} rowHeight={40} rowProps={{ products }} />
  );
}

createRoot(document.getElementById('root')).render(<Page />);
