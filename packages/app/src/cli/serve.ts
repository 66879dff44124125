import { Console, Context, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { configFromEnvironment } from "../config.ts"
import { engineServer } from "../engine-server.ts"
import { HttpListener } from "../http-listener.ts"
import { logLayer } from "../telemetry/log.ts"
import { databasePlace } from "../store/database.ts"
import { version } from "../version.ts"

/** `loan-engine serve`: the engine against any bank, configured by the environment, until it is stopped. */
export const serve = Command.make(
  "serve",
  {},
  Effect.fn(function* () {
    const config = yield* configFromEnvironment
    const { database, telemetry } = config
    const format = telemetry.log.format ?? (process.stderr.isTTY ? "pretty" : "json")
    yield* Layer.launch(
      engineServer(config).pipe(
        Layer.tap((context) => {
          const { url } = Context.get(context, HttpListener)
          return Console.log(`loan engine listens on ${url}, storing in ${databasePlace(database)}`).pipe(
            Effect.andThen(Effect.annotateLogs(Effect.logInfo("the engine is ready"), { url, version })),
          )
        }),
      ),
    ).pipe(
      Effect.ensuring(Effect.logInfo("the engine has stopped")),
      Effect.provide(logLayer({ ...telemetry.log, format })),
    )
  }),
).pipe(Command.withDescription("Run the engine against a bank, with settings from LOAN_ENGINE_* variables"))
