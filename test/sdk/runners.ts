/** Returns the same object, but for what is given: a provider or a signer that behaves oddly in one respect. */
export function oddly<T extends object>(target: T, own: Record<string, unknown>): T {
  const odd: T = new Proxy(target, {
    get(_, key) {
      if (typeof key === "string" && Object.hasOwn(own, key)) return own[key];
      const value: unknown = Reflect.get(target, key, target);

      // A provider is its own provider.
      if (value === target) return odd;
      // Private fields are the target's.
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

  return odd;
}
