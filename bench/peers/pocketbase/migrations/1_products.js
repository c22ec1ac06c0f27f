// The list as PocketBase keeps it: one collection that anyone may read and write.
migrate((app) => {
  const products = new Collection({
    type: 'base',
    name: 'products',
    listRule: '',
    viewRule: '',
    createRule: '',
    fields: [
      { name: 'title', type: 'text', required: true },
      { name: 'description', type: 'text', required: true },
      { name: 'code', type: 'text', required: true },
      { name: 'price', type: 'number' },
      { name: 'stock', type: 'number' },
      { name: 'category', type: 'text', required: true },
      { name: 'thumbnails', type: 'json' },
    ],
    indexes: ['CREATE UNIQUE INDEX products_code ON products (code)'],
  });
  app.save(products);
});
