import { Console, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { servedConfig, settingsFromEnvironment } from "../../config/config.ts"
import { engineServer } from "../../engine/server.ts"
import { HttpListener } from "../../serve/listener.ts"
import { watchLauncher } from "./launcher.ts"
import { announceToServiceManager } from "./service-manager.ts"
import { endsWithin, stopGraceMs } from "./stop-grace.ts"
import { logLayer } from "../../telemetry/log.ts"
import { databasePlace } from "../../store/database.ts"
import { version } from "../../base/version.ts"

/** `loan-engine serve`: runs the engine, configured by the environment, until it is stopped. */
export const serve = Command.make(
  "serve",
  {},
  Effect.fn(function* () {
    const untilLauncherEnds = yield* watchLauncher
    const settings = yield* settingsFromEnvironment
    const config = yield* servedConfig(settings)
    const { database, telemetry } = config
    const format = telemetry.log.format ?? (process.stderr.isTTY ? "pretty" : "json")
    const server = Layer.effectDiscard(
      Effect.gen(function* () {
        const { url } = yield* HttpListener
        const place = `listens on ${url}, storing in ${databasePlace(database)}`
        yield* Console.log(`loan engine ${place}`)
        yield* Effect.annotateLogs(Effect.logInfo("the engine is ready"), { url, version })
        yield* announceToServiceManager(place)
      }),
    ).pipe(Layer.provideMerge(engineServer(config)))
    const launcher = config.stopWithLauncher ? untilLauncherEnds : Effect.void
    yield* Effect.forkChild(launcher).pipe(
      Effect.andThen(Layer.launch(server)),
      endsWithin(stopGraceMs(config)),
      Effect.ensuring(Effect.logInfo("the engine has stopped")),
      Effect.provide(logLayer({ ...telemetry.log, format })),
    )
  }),
).pipe(
  Command.withDescription(
    "Run the engine against a bank, with settings from LOAN_ENGINE_* variables, or a file that LOAN_ENGINE_CONFIG_FILE names",
  ),
)
