import { id } from "ethers";
import type { Parameters } from "../../scripts/parameters.js";
import { type Deployed, STRANGER } from "./verify.support.js";

/** Each leaf of the parameters, said otherwise in the file, and what is found then. */
export function otherwise({
  at,
  parameters,
  currencies,
}: Deployed): [string, (all: Parameters) => unknown, string[]][] {
  const other = currencies[0];
  const governors = (["governor", "safetyGovernor"] as const).flatMap((key): ReturnType<typeof otherwise> => {
    const [governor, timelock] =
      key === "governor" ? ["WealGovernor", "TimelockController"] : ["SafetyGovernor", "SafetyTimelock"];
    const guardian = (all: Parameters) => all[key].guardian as { account: string; until: string };

    return [
      [`${key}.votingDelay`, (all) => all[key].votingDelay--, [`parameters: ${governor}.votingDelay`]],
      [`${key}.votingPeriod`, (all) => all[key].votingPeriod--, [`parameters: ${governor}.votingPeriod`]],
      [
        `${key}.lateQuorumExtension`,
        (all) => all[key].lateQuorumExtension--,
        [`parameters: ${governor}.lateQuorumVoteExtension`],
      ],
      [
        `${key}.proposalThreshold`,
        (all) => (all[key].proposalThreshold = "100001"),
        [`parameters: ${governor}.proposalThreshold`],
      ],
      [`${key}.quorumPercent`, (all) => all[key].quorumPercent++, [`parameters: ${governor}.quorumNumerator`]],
      [`${key}.timelockDelay`, (all) => all[key].timelockDelay--, [`parameters: ${timelock}.minDelay`]],
      [`${key}.guardian.account`, (all) => (guardian(all).account = other), [`roles: ${governor}.proposalGuardian`]],
      [
        `${key}.guardian.until`,
        (all) => (guardian(all).until = "2092-01-01T00:00:00Z"),
        [`code: ${governor}.guardianUntil`, `roles: ${governor}.guardianUntil`],
      ],
    ];
  });
  const [{ account: claimant }] = parameters.genesis.community.claims;
  const [first, second] = parameters.genesis.holders.map(({ account }) => account);
  const rootFound = ["code: GenesisClaim.root", "parameters: GenesisClaim.root"];
  const genesis = (...accounts: string[]) => accounts.map((account) => `supply: genesis of ${account}`);

  return [
    ...governors,
    ["protocolFeeBps", (all) => all.protocolFeeBps--, ["parameters: RoyaltyLedger.protocolFeeBps"]],
    ["currencies", (all) => all.currencies.reverse(), ["parameters: RoyaltyLedger.currencies"]],
    ["currencies[0].symbol", (all) => (all.currencies[0].symbol = "USDT"), ["parameters: currencies[0].symbol"]],
    ["currencies[0].decimals", (all) => all.currencies[0].decimals++, ["parameters: currencies[0].decimals"]],
    ["currencies[1].symbol", (all) => (all.currencies[1].symbol = "Usd"), ["parameters: currencies[1].symbol"]],
    ["currencies[1].decimals", (all) => all.currencies[1].decimals--, ["parameters: currencies[1].decimals"]],
    ["safetyBoard", (all) => all.safetyBoard.pop(), ["roles: SafetyBoard.members"]],
    ["usePolicy.digest", (all) => (all.usePolicy.digest = id("other")), ["parameters: UsePolicy.digest"]],
    ["usePolicy.clauseCount", (all) => all.usePolicy.clauseCount++, ["parameters: UsePolicy.clauseCount"]],
    ["usePolicy.uri", (all) => (all.usePolicy.uri = "ipfs://Policy"), ["parameters: UsePolicy.uri"]],
    ["stakeholdingEpochCap", (all) => (all.stakeholdingEpochCap = "7"), ["parameters: Stakeholding.epochCap"]],
    ["sources.threshold", (all) => all.sources.threshold--, ["roles: SourceRegistry.threshold"]],
    ["sources.verifiers", (all) => all.sources.verifiers.pop(), ["roles: SourceRegistry.verifiers"]],
    [
      "genesis.treasury, genesis.stakeholding",
      (all) => Object.assign(all.genesis, { treasury: "100000000", stakeholding: "200000000" }),
      genesis(at.TimelockController, at.Stakeholding),
    ],
    [
      "genesis.community.until",
      (all) => (all.genesis.community.until = "2040-01-02T00:00:00Z"),
      ["code: GenesisClaim.claimUntil", "parameters: GenesisClaim.claimUntil"],
    ],
    [
      "genesis.community.claims, by account",
      (all) => (all.genesis.community.claims = [{ account: other, weal: "50000000" }]),
      rootFound,
    ],
    [
      "genesis.community.claims, by amount",
      (all) => {
        all.genesis.community.claims = [{ account: claimant, weal: "60000000" }];
        all.genesis.treasury = "190000000";
      },
      [...rootFound, ...genesis(at.GenesisClaim, at.TimelockController)],
    ],
    [
      "genesis.founders, by account",
      (all) => (all.genesis.founders[0].account = other),
      ["roles: VestingWallet0.owner"],
    ],
    [
      "genesis.founders, by amount",
      (all) => {
        all.genesis.founders[0].weal = "20000000";
        all.genesis.founders[1].weal = "30000000";
      },
      genesis(at.VestingWallet0, at.VestingWallet1),
    ],
    ...[0, 1].flatMap((index): ReturnType<typeof otherwise> => {
      const name = `VestingWallet${index}`;

      return [
        [
          `genesis.founders[${index}].start`,
          (all) => (all.genesis.founders[index].start = "2029-01-01T00:00:00Z"),
          ["start", "duration"].flatMap((view) => [`code: ${name}._${view}`, `supply: ${name}.${view}`]),
        ],
        [
          `genesis.founders[${index}].end`,
          (all) => (all.genesis.founders[index].end = "2035-01-01T00:00:00Z"),
          [`code: ${name}._duration`, `supply: ${name}.duration`],
        ],
      ];
    }),
    ["genesis.holders, by account", (all) => (all.genesis.holders[1].account = STRANGER), genesis(second, STRANGER)],
    [
      "genesis.holders, by amount",
      (all) => {
        all.genesis.holders[0].weal = "300000000";
        all.genesis.holders[1].weal = "300000000";
      },
      genesis(first, second),
    ],
  ];
}
