/** Why a script did nothing; the message says what to do. */
export abstract class NothingDone extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`${message} Nothing was sent.`, options);
    this.name = new.target.name;
  }
}

/** The command line asks for something that cannot be. */
export class WrongUse extends NothingDone {}

/** The network has no account that signs. */
export class KeyMissing extends NothingDone {
  constructor(network: string, options?: ErrorOptions) {
    super(
      `The network "${network}" has no key to sign with: set the configuration variable that hardhat.config.ts names for ` +
        "its `accounts`, with `npx pnpm@12 exec hardhat keystore set NAME` or as an environment variable.",
      options,
    );
  }
}

/** The account cannot pay for gas. */
export class FundsMissing extends NothingDone {
  constructor(account: string, network: string) {
    super(`${account} has nothing on ${network} to pay gas with: send it some of the chain's coin, from a faucet.`);
  }
}

/** A token cannot be listed as a currency. */
export class CurrencyUnfit extends NothingDone {
  constructor(token: string, reason: string) {
    super(`${token} cannot be a currency: ${reason}.`);
  }
}

/** The account has too few votes to propose. */
export class VotesMissing extends NothingDone {
  constructor(account: string, votes: string, threshold: string) {
    super(
      `${account} has ${votes} votes, and proposing takes ${threshold}: delegate WEAL to it first (governance.delegate), ` +
        "or have somebody propose who has them.",
    );
  }
}
