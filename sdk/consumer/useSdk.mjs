/**
 * Registers a model, pays it in two currencies and claims, with the SDK as it was loaded: as a module, by `require`, or on a
 * page. Returns what came of it as plain JSON.
 *
 * @param modules The entry points, and the signer that was made by ethers beside them.
 * @param usdc A token with 6 decimals of which the signer has enough.
 */
export async function useSdk({ sdk, errors, events }, signer, { deployment, usdc }) {
  const { registry, royalties } = await sdk.connect(signer, { deployment });
  const holder = await signer.getAddress();

  const registration = {
    kind: "model",
    manifestDigest: `0x${"12".repeat(32)}`,
    derivatives: { mode: "open", rateBps: 500 },
    holdings: [{ holder, units: 1_000_000 }],
    salt: `0x${"34".repeat(32)}`,
  };
  const preview = await registry.register.simulate(registration);
  const { model } = await registry.register(registration);

  const payment = { model, currency: "ETH", amount: "1.5" };
  const estimate = await royalties.pay.estimate(payment);
  const paid = await (await royalties.pay(payment)).wait();
  const paidUsdc = await royalties.pay({ model, currency: usdc, amount: "12.5" });
  const claim = { models: [model], currency: "ETH" };
  const claimed = await royalties.claim(claim);
  const refusal = await royalties.claim(claim).then(
    () => undefined,
    (error) => error,
  );

  const decoded = events.decodeEvents(events.RoyaltyLedger, deployment.RoyaltyLedger.address, [
    ...paid.receipt.logs,
    ...paidUsdc.receipt.logs,
    ...claimed.receipt.logs,
  ]);

  return {
    holder,
    model,
    previewed: preview.model,
    gas: { estimate: Number(estimate), used: Number(paid.receipt.gasUsed) },
    claimed: String(claimed.amount),
    received: String((await royalties.booksOf({ model, currency: usdc })).received),
    events: decoded.map(({ name, args }) => ({ name, amount: String(args.amount) })),
    refusal: {
      name: refusal.name,
      errorName: refusal.errorName,
      args: refusal.args,
      message: refusal.message,
      instanceOf: {
        "NothingToClaim of ./errors": refusal instanceof errors.NothingToClaim,
        "ContractError of ./errors": refusal instanceof errors.ContractError,
        "ContractError of .": refusal instanceof sdk.ContractError,
        "CommonwealError of .": refusal instanceof sdk.CommonwealError,
      },
    },
  };
}
