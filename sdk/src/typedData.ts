/** A type of EIP-712 as the contracts declare it, with as much of its domain as is known beforehand. */
export interface TypedDataDescriptor {
  readonly primaryType: string;
  readonly domain: { readonly name?: string; readonly version?: string };
  readonly types: TypedDataTypes;
}

type TypedDataTypes = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

/** Types as ethers and viem take them: in arrays that nothing forbids to change. */
type Mutable<Types extends TypedDataTypes> = {
  -readonly [Name in keyof Types]: Types[Name] extends readonly [...infer Fields] ? [...Fields] : never;
};

/** A value of a type: whole numbers in whatever form holds them, bytes and addresses in hex. */
type Value<Types extends TypedDataTypes, Type extends string> = Type extends `${infer Element}[]`
  ? readonly Value<Types, Element>[]
  : Type extends keyof Types
    ? Struct<Types, Type>
    : Type extends `uint${string}` | `int${string}`
      ? bigint | number | string
      : Type extends "bool"
        ? boolean
        : string;

type Struct<Types extends TypedDataTypes, Name extends keyof Types> = {
  readonly [Field in Types[Name][number] as Field["name"]]: Value<Types, Field["type"]>;
};

/** What a descriptor's signer signs. */
export type Message<Descriptor extends TypedDataDescriptor> = Struct<
  Descriptor["types"],
  Descriptor["primaryType"] & keyof Descriptor["types"]
>;

/** The parts of a domain that a descriptor leaves open have to be given; those that it has can be. */
type DomainPart<Descriptor extends TypedDataDescriptor, Part extends "name" | "version"> =
  Descriptor["domain"] extends Record<Part, string>
    ? { readonly [P in Part]?: string }
    : { readonly [P in Part]: string };

/** What a builder takes. */
export type TypedDataOptions<Descriptor extends TypedDataDescriptor, Contract extends string, Content> = {
  readonly chainId: bigint | number;
  /** The contract that checks the signature. */
  readonly verifyingContract: Contract;
  readonly message: Content;
} & DomainPart<Descriptor, "name"> &
  DomainPart<Descriptor, "version">;

/** Builds what wallets sign, for a type of the contracts. */
export interface TypedDataBuilder<Descriptor extends TypedDataDescriptor> {
  /**
   * Returns what a wallet signs by EIP-712, in the form that ethers' `signTypedData(domain, types, message)` takes, and
   * viem's `signTypedData(typedData)`.
   *
   * @param options The message, and the chain and contract that check its signature.
   */
  <const Content extends Message<Descriptor>, Contract extends string>(
    options: TypedDataOptions<Descriptor, Contract, Content>,
  ): {
    domain: { name: string; version: string; chainId: number; verifyingContract: Contract };
    types: Mutable<Descriptor["types"]>;
    primaryType: Descriptor["primaryType"];
    message: Content;
  };
  readonly types: Mutable<Descriptor["types"]>;
}

/** Returns the builder of a type. */
export function typedDataBuilder<const Descriptor extends TypedDataDescriptor>({
  primaryType,
  domain: known,
  types,
}: Descriptor): TypedDataBuilder<Descriptor> {
  const build = ({
    chainId,
    verifyingContract,
    message,
    ...given
  }: {
    chainId: bigint | number;
    verifyingContract: string;
    message: unknown;
    name?: string;
    version?: string;
  }) => ({
    domain: { ...known, ...given, chainId: Number(chainId), verifyingContract },
    types,
    primaryType,
    message,
  });

  return Object.assign(build, { types }) as unknown as TypedDataBuilder<Descriptor>;
}
