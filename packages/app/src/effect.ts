/** The engine as services and layers, for a program that is written with Effect. */
import { Effect, Layer } from "effect"
import type { EngineConfig } from "./config/config.ts"
import { engineServer } from "./engine/server.ts"
import { engineServices } from "./engine/services.ts"

export { Banks } from "./ports/banks.ts"
export { ChangeFeed } from "./feed/change-feed.ts"
export { LoanEngine } from "./record/engine.ts"
export { makeEngineHttp } from "./engine/http.ts"
export type { EngineHttp } from "./engine/http.ts"
export { HttpListener } from "./serve/listener.ts"
export { JournalStore } from "./ports/journal-store.ts"
export { LoanStore, StoreUnavailable, StoreUnusable } from "./ports/loan-store.ts"
export { Poller } from "./polling/poller.ts"
export { configFromEnvironment, configOf } from "./config/config.ts"
export type { AccountConfig, EngineConfig } from "./config/config.ts"
export { ConfigUnusable } from "./config/config-unusable.ts"
export type { AccountSettings, LoanEngineSettings } from "./config/settings.ts"

/** The settings of an engine: {@link configOf} from code, or {@link configFromEnvironment}. */
type Config<E> = Effect.Effect<EngineConfig, E>

/**
 * The engine's services and its background work: polling, sealing, counting. Nothing listens: serve
 * {@link makeEngineHttp}, or use {@link layerServer}.
 *
 * @example layer(configOf({ databaseUrl: "loans.sqlite", accounts: { se: { … } } }))
 */
export const layer = <E>(config: Config<E>) => Layer.unwrap(Effect.map(config, engineServices))

/** Like {@link layer}, but the engine also listens on `host` and `port`. */
export const layerServer = <E>(config: Config<E>) => Layer.unwrap(Effect.map(config, engineServer))
