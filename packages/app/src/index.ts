/** The engine inside a service of your own. With Effect, use `@loan-engine/app/effect`. */
export { openLoanEngine } from "./engine/open-loan-engine.ts"
export type { ChangesOptions, LoanEngineHandle, OpenOptions } from "./engine/open-loan-engine.ts"
export type { EngineListener } from "./engine/mounted.ts"
export type { AccountSettings, LoanEngineSettings } from "./config/settings.ts"
export { ConfigUnusable } from "./config/config-unusable.ts"
export { StoreUnusable } from "./ports/loan-store.ts"
export type { LogEntry } from "./telemetry/log.ts"
export * from "./client.ts"
