import { Console, Context, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { configFromEnvironment } from "../config.ts"
import { engineServer } from "../engine-server.ts"
import { HttpListener } from "../http-listener.ts"

/** `loan-engine serve`: the engine against any bank, configured by the environment, until it is stopped. */
export const serve = Command.make(
  "serve",
  {},
  Effect.fn(function* () {
    const config = yield* configFromEnvironment
    yield* Layer.launch(
      engineServer(config).pipe(
        Layer.tap((context) =>
          Console.log(
            `loan engine listens on ${Context.get(context, HttpListener).url}, storing in ${config.databasePath}`,
          ),
        ),
      ),
    )
  }),
).pipe(Command.withDescription("Run the engine against a bank, with settings from LOAN_ENGINE_* variables"))
