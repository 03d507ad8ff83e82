// Prints what the invariant test's random calls did in its last run; the test runner itself prints nothing of them.
import { existsSync, readFileSync } from "node:fs";

const report = new URL("../cache/ledger-invariants.txt", import.meta.url);
if (existsSync(report)) console.log(`\nInvariants of the ledger, last run. ${readFileSync(report, "utf8")}`);
