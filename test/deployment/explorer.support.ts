import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { getBytes, Interface, id, type Provider } from "ethers";
import { creationFilter, createXAbi } from "../../scripts/create3.js";

/** The compiler that an explorer here has. */
const COMPILER = "v0.8.34+commit.80d5c536";
/** In a process of its own: it takes seconds, in which everybody else would wait. */
const COMPILE = `
  const solc = require("solc");
  if ("v" + solc.version().replace(".Emscripten.clang", "") !== "${COMPILER}") process.exit(1);
  process.stdout.write(solc.compile(require("node:fs").readFileSync(0, "utf8")));
`;

/** What is submitted to be verified, however it comes. */
export interface Submitted {
  address: string;
  /** `source:Name`, as the input calls it. */
  contract: string;
  compiler: string;
  input: string;
  /** Without 0x; Sourcify finds it out by itself. */
  constructorArguments?: string;
}

interface Compiled {
  creation: string;
  runtime: string;
  immutables: { start: number; length: number }[];
}

const compiled = new Map<string, Promise<Compiled>>();

/** Compiles a submission's contract as anybody can who has the compiler: from nothing but the input. */
function compile({ input, contract }: Submitted): Promise<Compiled> {
  const key = id(contract + input);
  const result = compiled.get(key) ?? compileAnew(input, contract);
  compiled.set(key, result);

  return result;
}

async function compileAnew(input: string, contract: string): Promise<Compiled> {
  const [source, name] = [contract.slice(0, contract.lastIndexOf(":")), contract.slice(contract.lastIndexOf(":") + 1)];
  const parsed = JSON.parse(input);
  // Of this contract alone: what else is compiled with it changes nothing and takes minutes.
  const wanted = ["bytecode.object", "deployedBytecode.object", "deployedBytecode.immutableReferences"];
  parsed.settings.outputSelection = { [source]: { [name]: wanted.map((each) => `evm.${each}`) } };
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(process.execPath, ["-e", COMPILE], { maxBuffer: 2 ** 26 }, (error, out) =>
      error === null ? resolve(out) : reject(error),
    );
    child.stdin?.end(JSON.stringify(parsed));
  });
  const { contracts, errors } = JSON.parse(output);
  const evm = contracts?.[source]?.[name]?.evm;
  if (evm === undefined) throw new Error(JSON.stringify(errors?.[0] ?? `${contract} is not in the input`));

  return {
    creation: `0x${evm.bytecode.object}`,
    runtime: `0x${evm.deployedBytecode.object}`,
    immutables: Object.values(evm.deployedBytecode.immutableReferences ?? {}).flat() as Compiled["immutables"],
  };
}

/** Compares code on a chain with what a submission compiles to; returns what is wrong with it, if anything. */
export async function verify(provider: Provider, submitted: Submitted): Promise<string | undefined> {
  if (submitted.compiler !== COMPILER) return `Fail - Unable to verify. Compiler ${submitted.compiler} is not there`;
  const { creation, runtime, immutables } = await compile(submitted);
  const mask = (code: string) => {
    const bytes = Uint8Array.from(getBytes(code));
    for (const { start, length } of immutables) bytes.fill(0, start, start + length);

    return Buffer.from(bytes).toString("hex");
  };
  const code = await provider.getCode(submitted.address);
  if (code === "0x") return `Unable to locate ContractCode at ${submitted.address}`;
  if (mask(code) !== mask(runtime)) return "Fail - Unable to verify. Compiled bytecode differs from the deployed";
  if (submitted.constructorArguments === undefined) return undefined;

  const given = creation + submitted.constructorArguments;
  const isGiven = (await initCodeOf(provider, submitted.address)) ?? (await ranTo(provider, given, code, mask));
  if (isGiven === given || isGiven === true) return undefined;

  return "Fail - Unable to verify. Please make sure that you give the correct constructor argument";
}

/** The init code with which a contract was deployed through CreateX, if it was. */
export async function initCodeOf(provider: Provider, address: string): Promise<string | undefined> {
  const [creation] = await provider.getLogs({ ...creationFilter(address), fromBlock: 0 });
  const transaction = creation && (await provider.getTransaction(creation.transactionHash));
  if (!transaction) return undefined;

  return new Interface(createXAbi).decodeFunctionData("deployCreate3", transaction.data)[1];
}

/** Whether init code returns this code; immutables aside that hold who called, which nobody can tell here. */
async function ranTo(
  provider: Provider,
  initCode: string,
  code: string,
  mask: (code: string) => string,
): Promise<boolean> {
  const result = await provider.call({ data: initCode });
  const words = (text: string) => new Set(text.match(/0{24}[\da-f]{40}/g));
  const unknown = [...words(code)].filter((word) => !words(result).has(word));

  return mask(result) === mask(code) && unknown.length <= 1;
}

/** Starts an explorer on 127.0.0.1: the APIs of Etherscan (which Blockscout has too) and of Sourcify. */
export async function startExplorer(provider: Provider, { apiKey, chainId }: { apiKey: string; chainId: number }) {
  /** Verified addresses, by API. */
  const verified = { etherscan: new Set<string>(), blockscout: new Set<string>(), sourcify: new Set<string>() };
  const jobs: { failure?: string; polls: number; address: string }[] = [];
  const submissions: (Submitted & { api: keyof typeof verified })[] = [];

  async function submit(api: keyof typeof verified, submitted: Submitted): Promise<number> {
    submissions.push({ api, ...submitted });
    const failure = await verify(provider, submitted);
    if (failure === undefined) verified[api].add(submitted.address);

    return jobs.push({ failure, polls: 0, address: submitted.address }) - 1;
  }

  async function etherscan(api: "etherscan" | "blockscout", query: URLSearchParams, form: URLSearchParams) {
    const failed = (result: string) => ({ status: "0", message: "NOTOK", result });
    const passed = (result: unknown) => ({ status: "1", message: "OK", result });
    if (api === "etherscan" && query.get("apikey") !== apiKey) return failed("Invalid API Key");
    if (api === "etherscan" && query.get("chainid") !== String(chainId))
      return failed("Missing or unsupported chainid");
    if (query.get("module") !== "contract") return failed("Error! Missing Or invalid Module name");

    switch (query.get("action")) {
      case "getsourcecode":
        return passed([{ SourceCode: verified[api].has(query.get("address") ?? "") ? "{}" : "" }]);
      case "verifysourcecode": {
        if (form.get("codeformat") !== "solidity-standard-json-input") return failed("Invalid codeformat");
        const job = await submit(api, {
          address: form.get("contractaddress") ?? "",
          contract: form.get("contractname") ?? "",
          compiler: form.get("compilerversion") ?? "",
          input: form.get("sourceCode") ?? "",
          constructorArguments: form.get("constructorArguments") ?? "",
        });

        return passed(String(job));
      }
      case "checkverifystatus": {
        const job = jobs[Number(query.get("guid"))];
        // As the real one: the first submission waits a while.
        if (job === jobs[0] && job.polls++ === 0) return failed("Pending in queue");

        if (job.failure === undefined) return passed("Pass - Verified");

        // Blockscout answers as if all were well, and says no more.
        return api === "etherscan" ? failed(job.failure) : passed("Fail - Unable to verify");
      }
      default:
        return failed("Error! Missing Or invalid Action name");
    }
  }

  async function sourcify(method: string, path: string[], body: string): Promise<[number, object]> {
    const [, , what, first, second = ""] = path;
    const match = (address: string) => (verified.sourcify.has(address) ? "exact_match" : null);
    const contract = (address: string) => ({
      ...{ match: match(address), creationMatch: match(address), runtimeMatch: match(address) },
      ...{ chainId: String(chainId), address },
    });
    if (what === "contract") return [match(second) === null ? 404 : 200, contract(second)];
    if (what !== "verify") return [404, { customCode: "not_found", message: "not found", errorId: "1" }];
    if (method === "POST") {
      const { stdJsonInput, contractIdentifier, compilerVersion } = JSON.parse(body);
      if (first !== String(chainId)) return [404, { customCode: "unsupported_chain", message: "chain", errorId: "1" }];
      const job = await submit("sourcify", {
        ...{ address: second, contract: contractIdentifier, compiler: compilerVersion },
        input: JSON.stringify(stdJsonInput),
      });

      return [202, { verificationId: String(job) }];
    }
    const { failure, address } = jobs[Number(first)];
    const error = failure && { customCode: "no_match", message: failure, errorId: "1" };

    return [
      200,
      {
        ...{ isJobCompleted: true, verificationId: first, jobStartTime: "2030-01-01T00:00:00Z" },
        ...{ contract: contract(address), ...(error ? { error } : {}) },
      },
    ];
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const path = url.pathname.split("/");
    const body = await bodyOf(request);
    try {
      const [status, answer] =
        path[1] === "v2"
          ? await sourcify(request.method ?? "GET", path, body)
          : [200, await etherscan(path[1] as "etherscan" | "blockscout", url.searchParams, new URLSearchParams(body))];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(500).end(JSON.stringify({ status: "0", message: "NOTOK", result: (error as Error).message }));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return { url, verified, submissions, close: () => server.close().closeAllConnections() };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);

  return Buffer.concat(chunks).toString("utf8");
}
