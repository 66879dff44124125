import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import type { AccountSettings } from "../config/settings.ts"
import { makeSandboxBank } from "./sandbox-bank.ts"
import type { SandboxSettings } from "./sandbox-bank.ts"
import { sandboxJwksApiKey, sandboxPaths, sandboxServer } from "./sandbox-server.ts"

/** The credentials that each callback carries. */
export const callbackCredentials = Buffer.from("sandbox-bank:callback-secret").toString("base64")

const passwordOf = (account: string): string => `${account}-password`

interface ServedSettings extends Omit<SandboxSettings, "accounts"> {
  readonly accounts: ReadonlyArray<string>
}

/** A sandbox bank that listens on loopback, and the settings with which an engine reaches its accounts. */
export const serveBank = Effect.fnUntraced(function* ({ accounts, ...options }: ServedSettings) {
  const settings = {
    ...options,
    accounts: new Map(accounts.map((account) => [account, passwordOf(account)])),
  }
  const bank = yield* makeSandboxBank(settings)
  const served = yield* Layer.build(sandboxServer(bank, settings, 0))
  const { address } = Context.get(served, HttpServer.HttpServer)
  const url = `http://127.0.0.1:${address._tag === "UnixPathAddress" ? "" : address.port}`
  const soapUrl = `${url}${sandboxPaths.soap}`
  return {
    bank,
    url,
    /** The address and login with which a client reaches an account. */
    accessOf: (account: string) => ({
      url: soapUrl,
      username: account,
      password: Redacted.make(passwordOf(account)),
    }),
    /** An account's settings in an engine that verifies no signatures. */
    unsignedSettingsOf: (account: string) =>
      ({
        bankUrl: soapUrl,
        bankUsername: account,
        bankPassword: passwordOf(account),
        callbackAuthMethod: "BASIC",
        callbackCredentials: [callbackCredentials],
      }) satisfies AccountSettings,
    /** The additional settings of an engine that verifies signatures. */
    jwksSettings: {
      jwksUrl: `${url}${sandboxPaths.jwks}`,
      jwksApiKey: sandboxJwksApiKey,
    } satisfies AccountSettings,
  }
})
