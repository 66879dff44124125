/** The engine as services and layers, for a program that is written with Effect. */
import { Effect, Layer } from "effect"
import { configOf } from "./config/config.ts"
import type { LoanEngineSettings } from "./config/settings.ts"
import { engineServer, engineServices } from "./engine-server.ts"

export { Banks } from "./banks.ts"
export { ChangeFeed } from "./change-feed.ts"
export { LoanEngine } from "./engine.ts"
export { makeEngineHttp } from "./engine-server.ts"
export type { EngineHttp } from "./engine-server.ts"
export { HttpListener } from "./http-listener.ts"
export { JournalStore } from "./journal-store.ts"
export { LoanStore, StoreUnavailable, StoreUnusable } from "./loan-store.ts"
export { Poller } from "./poller.ts"
export { configFromEnvironment, configOf } from "./config/config.ts"
export type { AccountConfig, EngineConfig } from "./config/config.ts"
export { ConfigUnusable } from "./config/config-unusable.ts"
export type { AccountSettings, LoanEngineSettings } from "./config/settings.ts"

/**
 * The engine's services, and all that it does by itself: polling, sealing, counting. Nothing listens: serve
 * {@link makeEngineHttp}, or take {@link layerServer}.
 */
export const layer = (settings: LoanEngineSettings) =>
  Layer.unwrap(Effect.map(configOf(settings), engineServices))

/** The same, listening on `host` and `port`. */
export const layerServer = (settings: LoanEngineSettings) =>
  Layer.unwrap(Effect.map(configOf(settings), engineServer))
