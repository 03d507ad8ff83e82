import type { HeaderFacts } from "./headerFacts.js";

/** What the `format` of a manifest says. */
export const MANIFEST_FORMAT = "commonweal-manifest-v1";

/** What the `format` of a list of files says that stands beside its manifest. */
export const LIST_FORMAT = "commonweal-files-v1";

/** A manifest that has more files than this names a list of them instead. */
export const MAX_INLINE_FILES = 2_000;

/** A file as a manifest lists it. */
export interface ManifestFile {
  /** Relative, with `/`, in Unicode's normal form C. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits, as `sha256sum` prints them. */
  readonly sha256: string;
  /** Root of the Merkle tree over the file's chunks: 64 hexadecimal digits. */
  readonly chunkRoot: string;
  /** What the header of a model's file says. */
  readonly header?: HeaderFacts;
}

/** Where the text of a licence is that SPDX does not list. */
export interface LicenseText {
  /** Of the text: 64 hexadecimal digits. */
  readonly sha256: string;
  readonly url?: string;
}

/** A model of the registry. */
export interface ModelReference {
  /** Its address, with the checksum of EIP-55. */
  readonly id: string;
  readonly chainId: number;
}

/** What a model was built from, so that licences can be compared. The edges that earn are those of the registry. */
export interface ManifestParent {
  readonly model?: ModelReference;
  /** An ancestor that lives elsewhere, such as `huggingface:org/name`. */
  readonly source?: string;
  /** SPDX expression. */
  readonly license: string;
}

/** A trait, as marketplaces show it. */
export interface ManifestAttribute {
  readonly trait_type: string;
  readonly value: string | number | boolean;
  readonly display_type?: string;
}

/** The list of a manifest's files, as a document of its own. */
export interface ListReference {
  /** Of the list's bytes: 64 hexadecimal digits. */
  readonly sha256: string;
  /** Of the list, in bytes. */
  readonly size: number;
  /** How many files it has. */
  readonly count: number;
}

/** What a manifest says of a version beside its files. */
export interface ManifestFacts {
  readonly name: string;
  readonly description: string;
  /** Address of a picture. */
  readonly image?: string;
  /** Address of a page about the model. */
  readonly external_url?: string;
  readonly attributes?: readonly ManifestAttribute[];
  /** The model whose version this is; its id is known before it is registered. */
  readonly model?: ModelReference;
  /** SPDX expression. */
  readonly license: string;
  /** One for each `LicenseRef-…` of the licence, by that name. */
  readonly licenseTexts?: Readonly<Record<string, LicenseText>>;
  /** Where the files come from, in words or as an address. */
  readonly source?: string;
  readonly parents?: readonly ManifestParent[];
  /** Root of a Merkle tree over secret pairs of query and response: 64 hexadecimal digits. */
  readonly fingerprintsRoot?: string;
}

/** A version of a model: the document whose sha-256 is registered. It doubles as the metadata of the model's ERC-721. */
export interface Manifest extends ManifestFacts {
  readonly format: typeof MANIFEST_FORMAT;
  /** Bytes of each chunk of a file but the last; a power of two. */
  readonly chunkSize: number;
  /** Ascending by path. Either this or `list` is there. */
  readonly files?: readonly ManifestFile[];
  readonly list?: ListReference;
}

/** The files of a manifest that has more than {@link MAX_INLINE_FILES}. */
export interface FileList {
  readonly format: typeof LIST_FORMAT;
  readonly files: readonly ManifestFile[];
}
