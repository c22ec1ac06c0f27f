// Starts the client. The page's security policy allows no inline script, so the addresses of the
// two files come as attributes of this one's tag.
const { module, wasm } = document.querySelector('script[data-wasm]').dataset;
const absolute = (path) => new URL(path, document.baseURI).href;
try {
  const { default: init } = await import(absolute(module));
  await init({ module_or_path: absolute(wasm) });
} catch (error) {
  document.getElementById('cannot-start').hidden = false;
  throw error;
}
