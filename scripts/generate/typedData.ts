import { type AstNode, type Compiled, declarationOf, readCompiled } from "./compilation.js";
import { CONTRACTS, TOKEN_STANDARDS } from "./contracts.js";
import { GenerationFailed } from "./failure.js";
import { comment } from "./natspec.js";

type Field = { name: string; type: string };

/** A struct that people sign by EIP-712, as a contract hashes it. */
interface SignedStruct {
  /** As in EIP-712: the struct, and then those that it has within. */
  encodedType: string;
  primaryType: string;
  types: Record<string, Field[]>;
  /** What of the domain the source says. */
  domain: { name?: string; version?: string };
  /** The contracts that check it. */
  contracts: string[];
}

/** Builders of what people sign, with types and domains taken from the contracts' own constants. */
export async function typedDataSource(): Promise<string> {
  const compiled = await Promise.all(Object.entries(CONTRACTS).map(([name, source]) => readCompiled(name, source)));
  const token = await readCompiled(TOKEN_STANDARDS.compiledWith.name, TOKEN_STANDARDS.compiledWith.source);
  const structs = mergeStructs([...compiled.flatMap(signedStructs), ...tokenStructs(token)]);

  return `
import { typedDataBuilder } from "../typedData.js";

${structs.map(builderSource).join("\n")}`;
}

function builderSource({ encodedType, primaryType, types, domain, contracts }: SignedStruct): string {
  const constant = primaryType[0].toLowerCase() + primaryType.slice(1);
  const place = contracts.length === 0 ? "any token that takes it, whose domain has to be given" : contracts.join(", ");

  return `
${comment({ text: `\`${encodedType.replaceAll(",", ", ")}\`, for ${place}.`, params: new Map(), returns: new Map() })}export const ${constant} = /* @__PURE__ */ typedDataBuilder({
  primaryType: "${primaryType}",
  domain: ${JSON.stringify(domain)},
  types: ${JSON.stringify(types)},
});
`;
}

/** Two contracts may check the same struct in the same domain; a struct in two domains would need two names. */
export function mergeStructs(structs: readonly SignedStruct[]): SignedStruct[] {
  const merged = new Map<string, SignedStruct>();
  for (const struct of structs) {
    const known = merged.get(struct.primaryType);
    const isSame =
      known === undefined ||
      (known.encodedType === struct.encodedType && JSON.stringify(known.domain) === JSON.stringify(struct.domain));
    if (!isSame) throw new GenerationFailed(`Two structs to sign are named ${struct.primaryType}: rename one.`);
    merged.set(struct.primaryType, { ...struct, contracts: [...(known?.contracts ?? []), ...struct.contracts] });
  }

  return [...merged.values()].sort((a, b) => (a.primaryType < b.primaryType ? -1 : 1));
}

/* STRUCTS */

/** Returns the structs whose type a contract or one of its bases hashes, but for those of the token standards. */
export function signedStructs(compiled: Compiled): SignedStruct[] {
  const contracts = compiled.lineage.filter(({ name = "" }) => !TOKEN_STANDARDS.contracts.includes(name));
  const found = contracts.flatMap(hashedTypes);
  if (found.length === 0) return [];
  const domain = domainOf(compiled);

  return found.map((encodedType) => structOf(encodedType, domain, [compiled.name]));
}

function tokenStructs(token: Compiled): SignedStruct[] {
  const contracts = token.lineage.filter(({ name = "" }) => TOKEN_STANDARDS.contracts.includes(name));

  return contracts.flatMap(hashedTypes).map((encodedType) => structOf(encodedType, {}, []));
}

/** Finds `keccak256("Voucher(bytes32 channel,…)")` among a contract's constants. The domain's own type is EIP712's. */
function hashedTypes({ nodes = [] }: AstNode): string[] {
  return nodes.flatMap(({ value }) => {
    const { expression, arguments: given } = (value ?? {}) as AstNode;
    const text = expression?.name === "keccak256" ? given?.[0].value : undefined;

    return typeof text === "string" && /^(?!EIP712Domain)[A-Z]\w*\(\w.* \w+\)$/.test(text) ? [text] : [];
  });
}

/** Reads a type as EIP-712 encodes it: `Scores(bytes32 round,Score[] scores)Score(address contributor)`. */
export function structOf(encodedType: string, domain: SignedStruct["domain"], contracts: string[]): SignedStruct {
  const types: Record<string, Field[]> = {};
  for (const [, name, fields] of encodedType.matchAll(/(\w+)\(([^()]*)\)/g)) {
    types[name] = fields.split(",").map((field) => {
      const [type, fieldName] = field.split(" ");
      return { name: fieldName, type };
    });
  }
  for (const { type } of Object.values(types).flat()) {
    const element = type.replace(/\[\d*\]/g, "");
    if (!(element in types) && !/^(address|bool|string|u?int\d+|bytes\d*)$/.test(element)) {
      throw new GenerationFailed(`${encodedType} does not say what a ${element} is: write its type behind it.`);
    }
  }

  return { encodedType, primaryType: Object.keys(types)[0], types, domain, contracts };
}

/* DOMAINS */

/** Returns name and version of a contract's domain, as far as its source says them: a governor's name is its deployer's. */
export function domainOf(compiled: Compiled): SignedStruct["domain"] {
  const [name, version] = baseArguments(compiled, "EIP712");
  if (name === undefined || version === undefined) {
    throw new GenerationFailed(`${compiled.name} hashes a struct, and has no EIP712 among its bases: give it one.`);
  }
  const domain = { name: textOf(compiled, name), version: textOf(compiled, version) };

  return JSON.parse(JSON.stringify(domain)) as SignedStruct["domain"];
}

/** Returns what a base's constructor is given by the contract that is derived from it. */
function baseArguments({ lineage, declarations }: Compiled, base: string): AstNode[] {
  const calls = lineage.flatMap(({ nodes = [] }) => nodes.find(({ kind }) => kind === "constructor")?.modifiers ?? []);
  const call = calls.find(({ modifierName }) => {
    const { node } = declarationOf(declarations, modifierName?.referencedDeclaration ?? -1);

    return node.name === base;
  });

  return call?.arguments ?? [];
}

/** Returns a text that is a literal, passed on through constructors, or returned by a function of the contract. */
function textOf(compiled: Compiled, expression: AstNode): string | undefined {
  if (expression.nodeType === "Literal") return String(expression.value);

  if (expression.nodeType === "Identifier") {
    for (const contract of compiled.lineage) {
      const creation = contract.nodes?.find(({ kind }) => kind === "constructor");
      const place =
        creation?.parameters?.parameters.findIndex(({ id }) => id === expression.referencedDeclaration) ?? -1;
      const given = place < 0 ? undefined : baseArguments(compiled, String(contract.name))[place];
      if (given !== undefined) return textOf(compiled, given);
    }
  }
  if (expression.nodeType === "FunctionCall") {
    const called = compiled.lineage
      .flatMap(({ nodes = [] }) => nodes)
      .find(({ name, body }) => name === expression.expression?.name && body !== undefined);
    const [statement] = called?.body?.statements ?? [];
    if (statement?.nodeType === "Return" && statement.expression !== undefined) {
      return textOf(compiled, statement.expression);
    }
  }

  return undefined;
}
