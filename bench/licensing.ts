import { id } from "ethers";
import { ETH, freshSalt, gasOf } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

const MONTH = 30 * 86_400;
const TEXT_URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

/** Offers and licences, by a buyer of one licence a model, which was paid before. "Repeat" extends the licence. */
export async function measureLicenses(scenario: Scenario): Promise<Measure[]> {
  const { licenseStore: store, plain, token, alice, payer, register, pay } = scenario;
  await plain.connect(payer).approve(store, 2n ** 256n - 1n);
  const offerIn = async (currency: string) => {
    const model = await register();
    await pay(model, currency);

    return {
      ...{ model, currency, price: ODD_AMOUNT, duration: MONTH, supply: 1_000 },
      ...{ textDigest: id("text"), salt: freshSalt() },
    };
  };
  type Offer = Awaited<ReturnType<typeof offerIn>>;
  const post = (offer: Offer) => gasOf(store.connect(alice).postOffer(offer, TEXT_URI));
  const buy = (offer: Offer) =>
    gasOf(
      store
        .connect(payer)
        .buy(
          offer,
          { recipient: payer.address, periods: 1, policyVersion: 1 },
          { value: offer.currency === ETH ? ODD_AMOUNT : 0n },
        ),
    );

  const [inToken, inEth] = [await offerIn(token), await offerIn(ETH)];
  const posted = await post(inToken);
  await post(inEth);
  const first = await buy(inToken);
  const repeat = await buy(inToken);
  await buy(inEth);

  return [
    { operation: "postOffer", gas: posted },
    { operation: "buy ERC-20, first", gas: first },
    { operation: "buy ERC-20, repeat buyer", gas: repeat, bound: 90_000 },
    { operation: "buy ETH, repeat buyer", gas: await buy(inEth) },
  ];
}
