import { Console, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { ConfigUnusable } from "../config-unusable.ts"
import { configFromEnvironment } from "../config.ts"
import { engineServer } from "../engine-server.ts"
import { logLayer } from "../telemetry/log.ts"
import { version } from "../version.ts"

/** `loan-engine serve`: the engine against any bank, configured by the environment, until it is stopped. */
export const serve = Command.make(
  "serve",
  {},
  Effect.fn(function* () {
    const config = yield* configFromEnvironment
    const { host, port, databasePath, telemetry } = config
    const format = telemetry.log.format ?? (process.stderr.isTTY ? "pretty" : "json")
    yield* Layer.launch(
      engineServer(config).pipe(
        Layer.tap(() =>
          Console.log(`loan engine listens on http://${host}:${port}, storing in ${databasePath}`).pipe(
            Effect.andThen(
              Effect.annotateLogs(Effect.logInfo("the engine is ready"), { host, port, version }),
            ),
          ),
        ),
      ),
    ).pipe(
      Effect.ensuring(Effect.logInfo("the engine has stopped")),
      Effect.provide(logLayer({ ...telemetry.log, format })),
      Effect.catchTag("ServeError", ({ cause }) => {
        const why = cause instanceof Error ? cause.message : "the address cannot be used"
        return new ConfigUnusable({
          message: `Cannot listen on ${host}:${port}: ${why}. Set LOAN_ENGINE_HOST and LOAN_ENGINE_PORT to a free address.`,
        })
      }),
    )
  }),
).pipe(Command.withDescription("Run the engine against a bank, with settings from LOAN_ENGINE_* variables"))
