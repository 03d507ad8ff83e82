import { Interface, type ParamType } from "ethers";
import { type AstNode, type Compiled, type Declaration, declarationOf, memberOf } from "./compilation.js";

/** What NatSpec says of something. */
export interface Docs {
  /** In Markdown; paragraphs and lists are kept. Empty if there is nothing. */
  text: string;
  params: ReadonlyMap<string, string>;
  /** By the name of what is returned; empty if it has none. */
  returns: ReadonlyMap<string, string>;
}

/** Docs of a member of a contract's ABI. */
export interface MemberDocs extends Docs {
  /** What the docs stand at: with `@inheritdoc` that is a base's. */
  declaration: Declaration;
}

/** Docs of a contract and of all that its ABI has. */
export interface ContractDocs extends Docs {
  /** By signature, such as `claim(address[],address,address)`. */
  functions: ReadonlyMap<string, MemberDocs>;
  events: ReadonlyMap<string, MemberDocs>;
  errors: ReadonlyMap<string, MemberDocs>;
  /** By the compiler's name, such as `IRoyaltyLedger.Edge`. */
  structs: ReadonlyMap<string, MemberDocs>;
}

type Named = readonly Pick<ParamType, "name">[];

/** Reads the docs of a contract from its syntax tree: what the compiler gives as `devdoc` has lost its paragraphs. */
export function readDocs(compiled: Compiled): ContractDocs {
  const abi = new Interface(compiled.artifact.abi);
  const functions = new Map<string, MemberDocs>();
  const events = new Map<string, MemberDocs>();
  const errors = new Map<string, MemberDocs>();
  abi.forEachFunction((fragment) => {
    const docs = functionDocs(compiled, fragment.selector);
    functions.set(fragment.format("sighash"), { ...docs, params: renamed(docs, fragment.inputs) });
  });
  abi.forEachEvent((fragment) => {
    events.set(fragment.format("sighash"), docsAt(memberOf(compiled, fragment.topicHash)));
  });
  abi.forEachError((fragment) => {
    errors.set(fragment.format("sighash"), docsAt(memberOf(compiled, fragment.selector)));
  });

  return { ...contractDocs(compiled), functions, events, errors, structs: structDocs(compiled) };
}

/** An implementation says `See {IRoyaltyLedger}.`: its docs are the interface's, and what it adds. */
function contractDocs(compiled: Compiled): Docs {
  const docs = parse(compiled.lineage[0]);
  const [reference, name] = /^See \{(\w+)\}\.\s*/.exec(docs.text) ?? [""];
  const base = compiled.lineage.find((each) => each.name === name);

  return base === undefined ? docs : joined(parse(base), docs.text.slice(reference.length));
}

function joined<Of extends Docs>(docs: Of, text: string): Of {
  return { ...docs, text: [docs.text, text].filter((part) => part !== "").join("\n\n") };
}

/** Follows `@inheritdoc`, OpenZeppelin's `See {IGovernor-propose}.`, and what goes without saying: one base. */
function functionDocs(compiled: Compiled, selector: string, from?: AstNode): MemberDocs {
  const declaration = memberOf(compiled, selector, from);
  const { node } = declaration;
  const docs = docsAt(declaration);
  const [reference, referred] = /^See \{(?:\w+\.)?(\w+)-\w+\}\.\s*/.exec(docs.text) ?? [""];
  const named = /@inheritdoc\s+(\w+)/.exec(node.documentation?.text ?? "")?.[1] ?? referred;
  const base = compiled.lineage.find(({ name, id }) => name === named && id !== declaration.contract?.id);
  if (base !== undefined) return joined(functionDocs(compiled, selector, base), docs.text.slice(reference.length));

  const [only, ...others] = node.baseFunctions ?? [];
  if (docs.text !== "" || only === undefined || others.length > 0) return docs;
  const { contract } = declarationOf(compiled.declarations, only);

  return contract === undefined ? docs : functionDocs(compiled, selector, contract);
}

/** An implementation may have other names for parameters than the interface that has its docs: the ABI has the former. */
function renamed({ params, declaration: { node } }: MemberDocs, inputs: Named): Map<string, string> {
  const names = node.parameters?.parameters.map(({ name = "" }) => name) ?? [];

  return new Map([...params].map(([name, text]) => [inputs[names.indexOf(name)]?.name ?? name, text]));
}

function structDocs(compiled: Compiled): Map<string, MemberDocs> {
  const used = new Set<string>();
  const visit = ({ internalType, components }: { internalType?: string; components?: readonly object[] | null }) => {
    const name = /^struct ([\w.]+)/.exec(internalType ?? "")?.[1];
    if (name !== undefined) used.add(name);
    for (const component of components ?? []) visit(component);
  };
  for (const { inputs = [], outputs = [] } of compiled.artifact.abi)
    for (const each of [...inputs, ...outputs]) visit(each);

  return new Map(
    [...compiled.declarations.values()]
      .filter(({ node }) => node.nodeType === "StructDefinition" && used.has(node.canonicalName ?? ""))
      .map((declaration) => [String(declaration.node.canonicalName), docsAt(declaration)]),
  );
}

function docsAt(declaration: Declaration): MemberDocs {
  return { ...parse(declaration.node), declaration };
}

/* PARSING */

/** Reads the docs at a declaration. */
export function parse({ documentation, returnParameters }: AstNode): Docs {
  const results = (returnParameters?.parameters ?? []).map(({ name }) => name);
  const params = new Map<string, string>();
  const returns = new Map<string, string>();
  const texts: string[] = [];
  // A tag begins a line, and goes on to the next one; text before the first is a notice.
  for (const part of (documentation?.text ?? "").split(/^\s*(?=@)/m)) {
    const [, tag = "notice", rest = ""] = /^(?:@([\w:-]+)\s*)?(.*)$/s.exec(part) ?? [];
    const [, name = "", ofName = ""] = /^(\w+)\s*(.*)$/s.exec(rest) ?? [];
    if (tag === "param") params.set(name, paragraphs(ofName));
    else if (tag === "return" && results.includes(name)) returns.set(name, paragraphs(ofName));
    else if (tag === "return") returns.set("", paragraphs(rest));
    else if (tag === "notice" || tag === "dev") texts.push(paragraphs(rest));
  }

  return { text: texts.filter((text) => text !== "").join("\n\n"), params, returns };
}

/** How paragraphs begin in our contracts and in OpenZeppelin's: the compiler keeps lines, and drops empty ones. */
const PARAGRAPH = /\n(?=(?:Emits|Requirements:|Warning:|NOTE:|IMPORTANT:|WARNING:|CAUTION:|TIP:)(?:\s|$))/g;

/** Joins lines, but for those that begin a paragraph or an entry of a list. */
function paragraphs(text: string): string {
  const lines = text
    .trim()
    .split(/\s*\n\s*/)
    .join("\n");
  const joined = lines
    .replace(PARAGRAPH, "\n\n")
    .replace(/\n(?=[-*] )/, "\n\n")
    .replace(/(?<!\n)\n(?!\n|[-*] )/g, " ");

  // OpenZeppelin's headings for its own site.
  return /^module:[\w-]+$/.test(joined) ? "" : joined;
}

/* TSDOC */

/** What stands in a TSDoc comment, as a comment; nothing if there is no text. */
export function comment({ text, params, returns }: Docs): string {
  if (text === "" && params.size === 0 && returns.size === 0) return "";
  const given = [...returns].map(([name, of]) => (returns.size === 1 ? of : `\`${name}\`: ${of}`));
  const tags = [
    ...[...params].map(([name, of]) => `@param ${name} ${of}`),
    ...(given.length > 0 ? [`@returns ${given.join(" ")}`] : []),
  ];
  const lines = tsdoc([text, tags.join("\n")].filter((part) => part !== "").join("\n\n"))
    .split("\n")
    .flatMap(wrap);

  return lines.length === 1
    ? `/** ${lines[0]} */\n`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

const COLUMNS = 108;

/** Breaks a line between words. */
function wrap(line: string): string[] {
  const lines = [""];
  for (const word of line.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== "" && last.length + word.length >= COLUMNS) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }

  return lines;
}

/** Returns the comment of a member of a struct, or of an argument; nothing if there is no text. */
export function commentOf(docs: Docs | undefined, name: string): string {
  return comment({ text: docs?.params.get(name) ?? "", params: new Map(), returns: new Map() });
}

/** `{IAllocations-allocate}` is a link in NatSpec, and code in TSDoc. */
function tsdoc(text: string): string {
  return text
    .replace(/`?\{([A-Za-z_]\w*)(?:-([A-Za-z_]\w*))?(?:-[\w-]+)?\}`?/g, (_, contract: string, member?: string) =>
      member === undefined ? `\`${contract}\`` : `\`${contract}.${member}\``,
    )
    .replaceAll("*/", "*\\/");
}

/* GAPS */

/**
 * Names all that NatSpec says nothing of, in sentences that say where and what. Docs are asked of what is declared in
 * `contracts/`; what a contract has from a dependency, or takes the docs of from there by `@inheritdoc`, shows what its
 * authors wrote.
 */
export function gapsOf(compiled: Compiled, docs: ContractDocs = readDocs(compiled)): string[] {
  const abi = new Interface(compiled.artifact.abi);
  const gaps: string[] = [];
  const check = (kind: string, name: string, member: MemberDocs | undefined, params: Named) => {
    if (member === undefined || !member.declaration.isOurs) return;
    const { contract, source } = member.declaration;
    const place = `${kind} ${[contract?.name, name].filter((part) => part !== undefined).join(".")} (${source})`;
    if (member.text === "") gaps.push(`${place} has no docs: add a @notice.`);
    for (const param of params) {
      if (param.name === "") gaps.push(`${place} has a parameter without a name: name it, and add a @param.`);
      else if (!member.params.get(param.name))
        gaps.push(`${place} says nothing of ${param.name}: add "@param ${param.name}".`);
    }
    for (const { name: result = "" } of member.declaration.node.returnParameters?.parameters ?? []) {
      if (result !== "" && !member.returns.get(result)) {
        gaps.push(`${place} says nothing of what it returns as ${result}: add "@return ${result}".`);
      }
    }
  };

  const [contract] = compiled.lineage;
  const { isOurs } = declarationOf(compiled.declarations, contract.id);
  if (isOurs && docs.text === "")
    gaps.push(`Contract ${compiled.name} (${compiled.source}) has no docs: add a @notice.`);
  abi.forEachFunction((fragment) => {
    check("Function", fragment.name, docs.functions.get(fragment.format("sighash")), fragment.inputs);
  });
  abi.forEachEvent((fragment) => {
    check("Event", fragment.name, docs.events.get(fragment.format("sighash")), fragment.inputs);
  });
  abi.forEachError((fragment) => {
    check("Error", fragment.name, docs.errors.get(fragment.format("sighash")), fragment.inputs);
  });
  for (const struct of docs.structs.values()) {
    const { node } = struct.declaration;
    check(
      "Struct",
      String(node.name),
      struct,
      (node.members ?? []).map(({ name = "" }) => ({ name })),
    );
  }

  return gaps;
}
