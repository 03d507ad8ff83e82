/** What happened on the chain, from its logs or from an indexer: the same questions, and the same answers. */
export { type HistoryCache, memoryCache } from "./cache.js";
export { historyJson } from "./codec.js";
export { statementCsv } from "./csv.js";
export type {
  EventOf,
  EventReason,
  LedgerEvent,
  LicensingEvent,
  OpenedEdge,
  Place,
  ProtocolEvent,
  RegistryEvent,
  SafetyEvent,
} from "./events.js";
export { type LogHistoryOptions, logHistory } from "./logHistory.js";
export { everyItem } from "./pages.js";
export type {
  AsOf,
  HistoryEvent,
  HistoryReader,
  LineageEdge,
  LineageGraph,
  ListedModel,
  Moment,
  Page,
  PageOptions,
  ReadOptions,
  ScanProgress,
  ShareHolding,
  StatementOptions,
} from "./reader.js";
export type { HistoryDeployment } from "./source.js";
export type {
  HostBalance,
  HostPlace,
  IncomeSource,
  Statement,
  StatementBalance,
  StatementEntry,
} from "./statements.js";
