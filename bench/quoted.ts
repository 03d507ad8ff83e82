/**
 * Gas of peers that npm does not have, measured elsewhere on a simulated EVM (Hardhat 3.18, prague) with real
 * transactions; their sources are in `peers.md`. By what it is for, and how many recipients or ancestors there are.
 */
export const QUOTED = {
  "0xSplits v2: distribute ERC-20": { 2: 85_086, 100: 1_007_088, 500: 4_781_820 },
  "0xSplits v1: distribute ERC-20": { 2: 68_169, 100: 722_945, 500: 3_420_808 },
  "Drips: distribute ERC-20": { 2: 58_295, 100: 942_003 },
  "Story: pay, move up and claim": { 1: 504_310, 2: 717_473, 4: 1_143_799, 8: 1_996_427 },
  "Drips: pay and move up": { 1: 89_228, 2: 138_498, 4: 237_038, 8: 434_118 },
} as const;
