/** All of the SDK with what a page needs of ethers, for `<script type="module">` without a bundler. */
export * from "./index.js";
export {
  BrowserProvider,
  Contract,
  FallbackProvider,
  FetchRequest,
  formatUnits,
  getAddress,
  hexlify,
  id,
  isAddress,
  JsonRpcProvider,
  keccak256,
  NonceManager,
  parseUnits,
  sha256,
  toUtf8Bytes,
  VoidSigner,
  Wallet,
  WebSocketProvider,
} from "ethers";
