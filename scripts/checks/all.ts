// Runs every check, and all of them even if one fails.
for (const check of ["sizes", "warnings", "asserted", "awaited", "workflows"]) {
  console.log(`\n# ${check}`);
  await import(`./${check}.js`);
}

export {};
