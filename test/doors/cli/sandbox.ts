import { makeSandboxBank } from "@loan-engine/app/sandbox/sandbox-bank"
import { sandboxJwksApiKey, sandboxPaths, sandboxServer } from "@loan-engine/app/sandbox/sandbox-server"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { HttpServer } from "effect/http"

const username = "default"
const password = "sandbox-password"

/** A sandbox bank over real HTTP, and the settings with which an engine or a command reaches it. */
export async function startSandbox() {
  const scope = Effect.runSync(Scope.make())
  const settings = {
    seed: "cli",
    chaos: "none" as const,
    speed: 1,
    accounts: new Map([[username, password]]),
  }
  const started = Effect.gen(function* () {
    const bank = yield* makeSandboxBank(settings)
    const context = yield* Layer.build(sandboxServer(bank, settings, 0))
    return { bank, server: Context.get(context, HttpServer.HttpServer) }
  })
  const { bank, server } = await Effect.runPromise(Effect.provideService(started, Scope.Scope, scope))
  if (server.address._tag === "UnixPathAddress") throw new Error("the bank listens on a port")
  const url = `http://127.0.0.1:${server.address.port}`
  return {
    bank,
    environment: {
      LOAN_ENGINE_BANK_URL: `${url}${sandboxPaths.soap}`,
      LOAN_ENGINE_BANK_USERNAME: username,
      LOAN_ENGINE_BANK_PASSWORD: password,
      LOAN_ENGINE_JWKS_URL: `${url}${sandboxPaths.jwks}`,
      LOAN_ENGINE_JWKS_API_KEY: sandboxJwksApiKey,
      LOAN_ENGINE_TRIGGER_URL: `${url}${sandboxPaths.trigger.replace("/:action/:applicationReference", "")}`,
    },
    open: (account = username) => Effect.runPromise(bank.open(account, "<resurs-response/>")),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
