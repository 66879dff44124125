import { submitApplicationExtResponse } from "@loan-engine/adapters-xml/submit-application-ext"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Exit, Option, Scope } from "effect"
import type { AccountSettings } from "./config/settings.ts"
import type { CallbackCounts } from "./sandbox/callback-sender.ts"
import { chaosLevels, chaosRates } from "./sandbox/chaos.ts"
import type { Chaos } from "./sandbox/chaos.ts"
import { differences } from "./sandbox/judge.ts"
import type { BankTruth, Belief } from "./sandbox/judge.ts"
import { triggers, truth } from "./sandbox/sandbox-bank.ts"
import { callbackCredentials, serveBank } from "./sandbox/served-bank.ts"

export { chaosLevels, chaosRates }
export type { Chaos, ChaosLevel, ChaosRates } from "./sandbox/chaos.ts"
export type { BankTruth, Belief } from "./sandbox/judge.ts"
export type { CallbackCounts } from "./sandbox/callback-sender.ts"

export interface SandboxOptions {
  /**
   * With the same seed, the applications have the same lives, and the same callbacks are lost, repeated or forged.
   */
  readonly seed?: string
  /** How unreliable callbacks are: a level, or your own rates. `normal` by default. */
  readonly chaos?: Chaos
  /**
   * How many seconds pass at the bank in one real second. The default is 100,000, so a loan's life takes some
   * seconds.
   */
  readonly speed?: number
  /** The bank's accounts. The default is one account named `default`. */
  readonly accounts?: ReadonlyArray<string>
}

/** The bank's answer to an application. Register `xml` unchanged with the engine. */
export interface Submitted {
  readonly applicationReference: string
  readonly xml: string
}

/** How long to wait until the service agrees with the bank, and how often to ask the service. */
export interface AgreementLimits {
  /** How long the bank may take to finish. It may have to send callbacks again. */
  readonly quietMsMax: number
  readonly agreeMsMax: number
  readonly askEveryMs: number
}

export const agreementLimitsDefault: AgreementLimits = {
  quietMsMax: 60_000,
  agreeMsMax: 30_000,
  askEveryMs: 50,
}

/** A bank on loopback. A test can use it like the real bank. */
export interface SandboxBank {
  /** Its address, such as `http://127.0.0.1:40123`. */
  readonly url: string
  /** The settings of the engine's account: the bank's address, and how to verify its callbacks. */
  readonly settingsOf: (account?: string) => AccountSettings
  /** The value for `pollIntervalScale`. With it, the engine's time runs as fast as the bank's. */
  readonly pollIntervalScale: number
  /** Registers an account's callback URL, as `setCallback` does. */
  readonly sendCallbacks: (callbackUrl: string, account?: string) => void
  /**
   * Submits an application. Its life begins at once. `form` may contain the number of one of the bank's test persons.
   */
  readonly submit: (account?: string, form?: string) => Promise<Submitted>
  /** Causes an event at once: `approve`, `reject`, `addition` or `sign`. The planned life of the application ends. */
  readonly trigger: (action: string, applicationReference: string) => Promise<void>
  /** Resolves when every application's life has ended and no callback is in transit. */
  readonly quiet: () => Promise<void>
  /** The state of every application, according to the bank. */
  readonly truth: () => ReadonlyArray<BankTruth>
  /** Counts of what happened to callbacks. `forgedAccepted` must stay 0. */
  readonly callbacks: () => Readonly<CallbackCounts>
  /**
   * Waits until the bank has finished. Then it waits until `ask` agrees with the bank about every application, or
   * until the timeout. The result has one line for each application that still differs. A test expects an empty list.
   */
  readonly disagreements: (
    ask: (applicationReference: string) => Promise<Belief | undefined>,
    limits?: Partial<AgreementLimits>,
  ) => Promise<ReadonlyArray<string>>
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Opens a sandbox of the bank for an integrator's own tests. It works with any test runner. It serves SOAP and JWKS, and
 * sends signed callbacks, over real HTTP. Some callbacks are lost, repeated, out of order or forged.
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
  const served = serveBank({ seed, chaos, speed, accounts })
  const { bank, url, ...reached } = await Effect.runPromise(Scope.provide(served, scope))
  const [first = "default"] = accounts
  const known = (account: string): string => {
    if (accounts.includes(account)) return account
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
      ...reached.unsignedSettingsOf(known(account)),
      ...reached.jwksSettings,
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
      const restless = `the bank has not finished within ${within.quietMsMax} ms: check that its callbacks are answered`
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

/** Checks the options. Without this, a wrong option would make a test hang. */
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
  const compare = Effect.suspend(() =>
    differences(told(), (reference) => Effect.promise(() => ask(reference))),
  )
  yield* compare.pipe(
    Effect.map((found) => (differing = found)),
    Effect.andThen(Effect.sleep(askEveryMs)),
    Effect.repeat({ until: () => differing.length === 0 }),
    Effect.timeoutOption(agreeMsMax),
  )
  return differing
})
