import { Contract, parseUnits, ZeroAddress } from "ethers";
import { rootOf, claimTree } from "../genesis.js";
import { type GovernorParameters, type Parameters, secondsOf } from "../parameters.js";
import type { ContractName } from "../plan.js";
import { check, checkSet, type Check, type Findings } from "./report.js";
import { listOf } from "./roles.js";
import type { Subject } from "./subject.js";

/** Compares what contracts say of their settings with the parameters. */
export async function checkSettings(subject: Subject): Promise<Findings> {
  const { parameters } = subject;
  const parts = await Promise.all([
    ofGovernor(subject, "WealGovernor", "TimelockController", parameters.governor),
    ofGovernor(subject, "SafetyGovernor", "SafetyTimelock", parameters.safetyGovernor),
    ofMoney(subject),
    ...subject.parameters.currencies.map((currency, index) => ofCurrency(subject, currency, `currencies[${index}]`)),
    ofPolicy(subject),
    ofClaims(subject),
  ]);

  return { checks: parts.flat() };
}

async function ofGovernor(
  subject: Subject,
  governor: ContractName,
  timelock: ContractName,
  parameters: GovernorParameters,
): Promise<Check[]> {
  const expected: Record<string, unknown> = {
    votingDelay: parameters.votingDelay,
    votingPeriod: parameters.votingPeriod,
    lateQuorumVoteExtension: parameters.lateQuorumExtension,
    proposalThreshold: parseUnits(parameters.proposalThreshold, 18),
    "quorumNumerator()": parameters.quorumPercent,
  };

  return Promise.all([
    ...Object.entries(expected).map(async ([view, value]) =>
      check("parameters", `${governor}.${view.replace("()", "")}`, value, await subject.read(governor, view)),
    ),
    subject
      .read(timelock, "getMinDelay")
      .then((delay) => check("parameters", `${timelock}.minDelay`, parameters.timelockDelay, delay)),
  ]);
}

async function ofMoney(subject: Subject): Promise<Check[]> {
  const { protocolFeeBps, currencies, stakeholdingEpochCap } = subject.parameters;
  const listed = listOf(await subject.read("RoyaltyLedger", "currencies"));
  const rates = await subject.events("Stakeholding", "RateUpdated");
  const view = async (name: ContractName, member: string, expected: unknown) =>
    check("parameters", `${name}.${member}`, expected, await subject.read(name, member));

  return [
    // In this order: what models have received is kept by a currency's place.
    check(
      "parameters",
      "RoyaltyLedger.currencies",
      [ZeroAddress, subject.at("WealToken"), ...currencies.map(({ address }) => address)],
      listed,
    ),
    check("parameters", "Stakeholding rates set", 0, rates.length),
    await view("RoyaltyLedger", "protocolFeeBps", protocolFeeBps),
    await view("Stakeholding", "epochCap", parseUnits(stakeholdingEpochCap, 18)),
  ];
}

/** The address says which token it is; what the file calls it is what people read. */
async function ofCurrency(
  { provider, block }: Subject,
  { address, ...said }: Parameters["currencies"][number],
  where: string,
): Promise<Check[]> {
  const views = ["function symbol() view returns (string)", "function decimals() view returns (uint8)"];
  const token = new Contract(address, views, provider);

  return Promise.all(
    (["symbol", "decimals"] as const).map(async (view) => {
      const answer = await token
        .getFunction(view)
        .staticCall({ blockTag: block })
        .catch(() => "no answer");

      return check("parameters", `${where}.${view}`, said[view], answer);
    }),
  );
}

async function ofPolicy(subject: Subject): Promise<Check[]> {
  const { digest, clauseCount, uri } = subject.parameters.usePolicy;
  const policy = (await subject.read("UsePolicy", "policyOf", 1)) as { digest?: string; clauseCount?: bigint };
  const published = await subject.events("UsePolicy", "PolicyPublished");

  return [
    check("parameters", "UsePolicy.policyVersion", 1, await subject.read("UsePolicy", "policyVersion")),
    check("parameters", "UsePolicy.digest", digest, policy.digest ?? policy),
    check("parameters", "UsePolicy.clauseCount", clauseCount, policy.clauseCount ?? policy),
    checkSet("parameters", "UsePolicy.uri", [uri], [String(published[0]?.args[3])]),
  ];
}

async function ofClaims(subject: Subject): Promise<Check[]> {
  const { genesis } = subject.parameters;
  const root = rootOf(claimTree(genesis, subject.chainId, subject.at("GenesisClaim")));
  const until = secondsOf(genesis.community.until);

  return [
    check("parameters", "GenesisClaim.root", root, await subject.read("GenesisClaim", "root")),
    check("parameters", "GenesisClaim.claimUntil", until, await subject.read("GenesisClaim", "claimUntil")),
  ];
}
