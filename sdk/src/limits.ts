/** The most gas that one transaction may use on Ethereum: 2²⁴, by EIP-7825. */
export const MAX_TRANSACTION_GAS = 16_777_216n;
