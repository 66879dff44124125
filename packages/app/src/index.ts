/** The engine inside a service of your own. With Effect, take `@loan-engine/app/effect`. */
export { openLoanEngine } from "./open-loan-engine.ts"
export type { ChangesOptions, LoanEngineHandle, OpenOptions } from "./open-loan-engine.ts"
export type { AccountSettings, LoanEngineSettings } from "./config/settings.ts"
export { ConfigUnusable } from "./config/config-unusable.ts"
export { StoreUnusable } from "./loan-store.ts"
export type { LogEntry } from "./telemetry/log.ts"
export * from "./client.ts"
