import { Layer } from "effect"
import { banksLayer } from "../polling/bank-clients.ts"
import { knownAccountsOf } from "../config/config.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { ReadTurns } from "../ports/read-turns.ts"
import { ChangeFeed } from "../feed/change-feed.ts"
import type { EngineConfig } from "../config/config.ts"
import { LoanEngine } from "../record/engine.ts"
import { Poller } from "../polling/poller.ts"
import { requireFile, requireRemembered } from "../feed/anchors.ts"
import { layerSealing } from "../feed/sealing.ts"
import { databasePlace, engineDatabaseLayer } from "../store/database.ts"
import { measuredEngine, watchedStore } from "../record/measured-engine.ts"
import { traceLayer } from "../telemetry/trace-export.ts"
import { layerWebhooks } from "../webhooks/delivery.ts"

/** Fails before the store is opened, if its file is gone. */
const fileRemembered = (path: string, { anchorsFile }: EngineConfig["sealing"]) =>
  Layer.effectDiscard(requireFile(path, anchorsFile))

/** The engine's services and its background work: sealing, polling, webhooks. It does not listen. */
export const engineServices = (config: EngineConfig) => {
  const { database, poller, sealing, telemetry, webhooks } = config
  const engine = measuredEngine(LoanEngine.layer(poller.cadence)).pipe(
    Layer.provideMerge(layerSealing(sealing)),
    Layer.provideMerge(Layer.effectDiscard(requireRemembered(databasePlace(database), sealing.anchorsFile))),
    Layer.provideMerge(watchedStore(engineDatabaseLayer(database))),
    Layer.provideMerge(database.store === "sqlite" ? fileRemembered(database.path, sealing) : Layer.empty),
  )
  return layerWebhooks(webhooks).pipe(
    Layer.provideMerge(ChangeFeed.layer(config.api.changeFeedLimits)),
    Layer.provideMerge(ReadTurns.layer(config.api.readLimits)),
    Layer.provideMerge(Poller.layer(poller)),
    Layer.provideMerge(engine),
    Layer.provideMerge(banksLayer(config)),
    Layer.provideMerge(Layer.succeed(KnownAccounts, knownAccountsOf(config))),
    Layer.provideMerge(traceLayer(telemetry.traces, telemetry.traceLimits)),
  )
}
