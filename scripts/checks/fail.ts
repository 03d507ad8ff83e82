/** Reports what is wrong, in a sentence, and lets the process end with 1 once everything else has been reported too. */
export function fail(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}
