import { submitApplicationExtResponse } from "@loan-engine/adapters-xml/submit-application-ext"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Context, Effect, Exit, Layer, Option, Scope } from "effect"
import { HttpServer } from "effect/http"
import type { AccountSettings } from "./config/settings.ts"
import type { CallbackCounts } from "./sandbox/callback-sender.ts"
import { chaosLevels, chaosRates } from "./sandbox/chaos.ts"
import type { Chaos } from "./sandbox/chaos.ts"
import { differenceOf } from "./sandbox/judge.ts"
import type { BankTruth, Belief } from "./sandbox/judge.ts"
import { makeSandboxBank, triggers, truth } from "./sandbox/sandbox-bank.ts"
import { sandboxJwksApiKey, sandboxPaths, sandboxServer } from "./sandbox/sandbox-server.ts"

export { chaosLevels, chaosRates }
export type { Chaos, ChaosLevel, ChaosRates } from "./sandbox/chaos.ts"
export type { BankTruth, Belief } from "./sandbox/judge.ts"
export type { CallbackCounts } from "./sandbox/callback-sender.ts"

export interface SandboxOptions {
  /** The same seed gives the same applications the same lives, and their callbacks the same mishaps. */
  readonly seed?: string
  /** How badly callbacks fare: a level, or rates of your own. `normal` by default. */
  readonly chaos?: Chaos
  /** How many seconds pass at the bank in one of ours; 100,000 by default, where a loan's life takes some seconds. */
  readonly speed?: number
  /** The accounts at the bank; one called `default` by default. */
  readonly accounts?: ReadonlyArray<string>
}

/** What the bank answers to an application: hand `xml` to the engine as it came. */
export interface Submitted {
  readonly applicationReference: string
  readonly xml: string
}

/** How long a service may take to agree with the bank after the bank has come to rest, and how often it is asked. */
export interface AgreementLimits {
  /** How long the bank may take to come to rest: it sends again what is not taken. */
  readonly quietMsMax: number
  readonly agreeMsMax: number
  readonly askEveryMs: number
}

export const agreementLimitsDefault: AgreementLimits = {
  quietMsMax: 60_000,
  agreeMsMax: 30_000,
  askEveryMs: 50,
}

/** A bank on loopback that a test may treat as the real one. */
export interface SandboxBank {
  /** Where it listens, such as `http://127.0.0.1:40123`. */
  readonly url: string
  /** The settings of the engine's account: where the bank is, and how its callbacks are told from forged ones. */
  readonly settingsOf: (account?: string) => AccountSettings
  /** What `pollIntervalScale` should be, so that the engine's time runs as fast as the bank's. */
  readonly pollIntervalScale: number
  /** Registers where an account's callbacks go, as `setCallback` does. */
  readonly sendCallbacks: (callbackUrl: string, account?: string) => void
  /** An application is made, and lives from now on. `form` may hold the number of one of the bank's test persons. */
  readonly submit: (account?: string, form?: string) => Promise<Submitted>
  /** Makes something happen at once, and ends the life that the application would have had: `approve`, `reject`, `addition`, `sign`. */
  readonly trigger: (action: string, applicationReference: string) => Promise<void>
  /** Resolves once every life is over and no callback is on its way any more. */
  readonly quiet: () => Promise<void>
  /** What the bank holds for true. */
  readonly truth: () => ReadonlyArray<BankTruth>
  /** How the callbacks have fared; `forgedAccepted` must stay 0. */
  readonly callbacks: () => Readonly<CallbackCounts>
  /**
   * Waits for quiet, and then until `ask` tells the same of every application as the bank does, or the time is up. Gives what
   * still differs, a line for each application: an empty list is what a test asks for.
   */
  readonly disagreements: (
    ask: (applicationReference: string) => Promise<Belief | undefined>,
    limits?: Partial<AgreementLimits>,
  ) => Promise<ReadonlyArray<string>>
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const callbackCredentials = Buffer.from("sandbox-bank:callback-secret").toString("base64")
const passwordOf = (account: string): string => `${account}-password`

/**
 * A sandbox of the bank for an integrator's own tests, in any test runner: SOAP, JWKS and signed callbacks over real HTTP,
 * with callbacks that are lost, repeated, out of order and forged.
 *
 * @example
 * await using bank = await openSandboxBank({ accounts: ["se"], chaos: "hell" })
 * bank.sendCallbacks(`${service.url}/callbacks/se`, "se")
 * const { xml } = await bank.submit("se")
 */
export async function openSandboxBank(options: SandboxOptions = {}): Promise<SandboxBank> {
  const { seed = "1", chaos = "normal", speed = 100_000, accounts = ["default"] } = options
  requireUsable({ chaos, speed, accounts })
  const scope = Scope.makeUnsafe()
  const passwords = new Map(accounts.map((account) => [account, passwordOf(account)]))
  const settings = { seed, chaos, speed, accounts: passwords }
  const opened = Effect.gen(function* () {
    const bank = yield* makeSandboxBank(settings)
    const served = yield* Layer.build(sandboxServer(bank, settings, 0))
    return { bank, address: Context.get(served, HttpServer.HttpServer).address }
  })
  const { bank, address } = await Effect.runPromise(Scope.provide(opened, scope))
  const url = `http://127.0.0.1:${address._tag === "UnixPathAddress" ? "" : address.port}`
  const [first = "default"] = accounts
  const known = (account: string): string => {
    if (passwords.has(account)) return account
    throw new Error(`The sandbox bank has no account ${account}: it has ${accounts.join(", ")}.`)
  }
  const quiet = Effect.repeat(Effect.sleep(agreementLimitsDefault.askEveryMs), {
    until: () => bank.isQuiet(),
  })
  const close = (): Promise<void> => Effect.runPromise(Scope.close(scope, Exit.void))

  return {
    url,
    pollIntervalScale: 1 / speed,
    settingsOf: (account = first) => ({
      bankUrl: `${url}${sandboxPaths.soap}`,
      bankUsername: known(account),
      bankPassword: passwordOf(account),
      jwksUrl: `${url}${sandboxPaths.jwks}`,
      jwksApiKey: sandboxJwksApiKey,
      callbackAuthMethod: "BASIC",
      callbackCredentials: [callbackCredentials],
    }),
    sendCallbacks: (callbackUrl, account = first) =>
      bank.register(known(account), { callbackUrl, credentials: callbackCredentials, method: "BASIC" }),
    submit: async (account = first, form = "") => {
      const answer = await Effect.runPromise(bank.open(known(account), form))
      const xml = new TextDecoder().decode(submitApplicationExtResponse.encode(answer))
      return { applicationReference: answer.applicationReference, xml }
    },
    trigger: async (action, applicationReference) => {
      const change = triggers.get(action)
      if (change === undefined) {
        throw new Error(`There is no trigger ${action}: there are ${[...triggers.keys()].join(", ")}.`)
      }
      if (!(await Effect.runPromise(bank.trigger(change, applicationReference)))) {
        throw new Error(`The sandbox bank has no application ${applicationReference}.`)
      }
    },
    quiet: () => Effect.runPromise(Effect.asVoid(quiet)),
    truth: () => truth(bank),
    callbacks: () => ({ ...bank.counts }),
    disagreements: (ask, limits = {}) => {
      const within = { ...agreementLimitsDefault, ...limits }
      const compared = disagreements(() => truth(bank), ask, within)
      const restless = `the bank has not come to rest within ${within.quietMsMax} ms: are its callbacks answered?`
      return Effect.runPromise(
        quiet.pipe(
          Effect.timeoutOption(within.quietMsMax),
          Effect.flatMap((rested) => (Option.isSome(rested) ? compared : Effect.succeed([restless]))),
        ),
      )
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What cannot be played is said at once, and not by a test that hangs. */
function requireUsable({ chaos, speed, accounts }: Required<Omit<SandboxOptions, "seed">>): void {
  const rates = typeof chaos === "string" ? chaosRates[chaos] : chaos
  const shares: ReadonlyArray<unknown> = rates === undefined ? [undefined] : Object.values(rates)
  if (!shares.every((share) => typeof share === "number" && share >= 0 && share <= 1)) {
    throw new RangeError(`chaos must be one of ${chaosLevels.join(", ")}, or rates from 0 to 1.`)
  }
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError("speed must be a number above 0.")
  if (accounts.length === 0 || new Set(accounts).size < accounts.length) {
    throw new RangeError("accounts must be one or more names, each once.")
  }
}

const disagreements = Effect.fnUntraced(function* (
  told: () => ReadonlyArray<BankTruth>,
  ask: (applicationReference: ApplicationReference) => Promise<Belief | undefined>,
  { agreeMsMax, askEveryMs }: AgreementLimits,
) {
  let differing: ReadonlyArray<string> = []
  const compare = Effect.promise(async () => {
    const found = await Promise.all(
      told().map(async (truth) => differenceOf(truth, await ask(truth.applicationReference))),
    )
    differing = found.filter((line) => line !== undefined)
  })
  yield* compare.pipe(
    Effect.andThen(Effect.sleep(askEveryMs)),
    Effect.repeat({ until: () => differing.length === 0 }),
    Effect.timeoutOption(agreeMsMax),
  )
  return differing
})
