// Prints what each of the given modules exports, or the code of the error that it cannot be imported with.
const loaded = {};
for (const name of process.argv.slice(2)) {
  try {
    const module = await import(name, name.endsWith(".json") ? { with: { type: "json" } } : undefined);
    loaded[name] = Object.keys(module).filter((key) => key !== "default" && key !== "module.exports");
  } catch (error) {
    loaded[name] = error.code ?? String(error);
  }
}
console.log(JSON.stringify(loaded));
