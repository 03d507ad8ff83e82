import { withTypedError } from "./failures.js";
import type { Write } from "./writes.js";

/** What each function of a part is: one that changes the chain has others beside it. */
type Kinds<Part> = {
  readonly [Name in keyof Part]-?: Part[Name] extends Pick<Write<never>, "populate"> ? "write" : "read";
};

// biome-ignore lint/suspicious/noExplicitAny: whatever the part's own types say, which the caller sees.
type AnyFunction = (...args: any[]) => Promise<unknown>;

/**
 * Returns the functions of a part of this SDK that is loaded when one of them is called: a page that never does so does
 * not load it. What could not be loaded is tried again at the next call.
 */
export function loadedWhenCalled<Part extends object>(load: () => Promise<Part>, kinds: Kinds<Part>): Part {
  let loading: Promise<Part> | undefined;

  async function part(): Promise<Record<string, AnyFunction & Record<string, AnyFunction>>> {
    loading ??= load();
    try {
      return (await loading) as never;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  }

  const functions = Object.entries(kinds).map(([name, kind]) => {
    const call: AnyFunction = (...args) => withTypedError(part().then((loaded) => loaded[name](...args)));
    if (kind === "read") return [name, call];

    const ask =
      (question: keyof Write<never>): AnyFunction =>
      (...args) =>
        withTypedError(part().then((loaded) => loaded[name][question](...args)));

    return [
      name,
      Object.assign(call, { simulate: ask("simulate"), estimate: ask("estimate"), populate: ask("populate") }),
    ];
  });

  return Object.fromEntries(functions) as Part;
}
