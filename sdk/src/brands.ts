declare const brand: unique symbol;

/**
 * A string that says what it is: the compiler refuses one brand where another is wanted. A plain string, such as one from
 * a form, from JSON or from another library, is taken for any; what it holds is checked before anything is sent.
 */
type Branded<Name extends string> = string & { readonly [brand]?: Name };

/** The address of an account or a contract, 20 bytes in hex. */
export type Address = Branded<"Address" | "ModelId">;

/** The id of a model: the address that its money is sent to. It serves as an {@link Address}, which is not yet a model's. */
export type ModelId = Branded<"ModelId">;

/** The sha-256 of a document, 32 bytes in hex. */
export type Digest = Branded<"Digest">;

/** The hash of a transaction, 32 bytes in hex. */
export type TransactionHash = Branded<"TransactionHash">;
