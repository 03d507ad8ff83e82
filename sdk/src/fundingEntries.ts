/** Funding entries: the lines of a README that say where the money for its source goes. */
export { checkFunding, type FundingEntry, formatFunding, readFunding } from "./funding.js";
export { fetchReadme, readmeUrl } from "./readmes.js";
