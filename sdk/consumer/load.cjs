// Prints what each of the given modules exports, or the code of the error that it cannot be required with.
const loaded = {};
for (const name of process.argv.slice(2)) {
  try {
    loaded[name] = Object.keys(require(name));
  } catch (error) {
    loaded[name] = error.code ?? String(error);
  }
}
console.log(JSON.stringify(loaded));
