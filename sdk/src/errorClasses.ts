/** Every error that the SDK throws: its own, and a class for each custom error of the contracts. */
export * from "./errors.js";
export * from "./generated/errors/classes.js";
export * from "./transactionErrors.js";
