import { readFileSync } from "node:fs"
import { makeBankClient } from "@loan-engine/adapters-http/bank-client"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { request } from "undici"
import type { AccountConfig, EngineConfig } from "../config.ts"
import { engineServer } from "../engine-server.ts"
import { LoanEngine } from "../engine.ts"
import { LoanStore } from "../loan-store.ts"
import { cadenceDefaults } from "../poll-cadence.ts"
import { pollerDefaults } from "../poller.ts"
import type { BankLoan } from "./bank-loan.ts"
import type { ChaosLevel } from "./chaos.ts"
import { makeSandboxBank } from "./sandbox-bank.ts"
import { sandboxJwksApiKey, sandboxPaths, sandboxServer } from "./sandbox-server.ts"

export interface DemoOptions {
  readonly seed: string
  readonly chaos: ChaosLevel
  /** Bank seconds per second of ours; the engine's poll intervals shrink alike. */
  readonly speed: number
  readonly databasePath: string
}

/** The account whose loans live at random, and the one that plays the bank's page. */
export const mainAccount = AccountName.make("sandbox")
export const pageAccount = AccountName.make("bank-page")

const passwords = new Map<string, string>([
  [mainAccount, "sandbox-password"],
  [pageAccount, "bank-page-password"],
])
const callbackCredentials = Redacted.make(Buffer.from("bank:callback-secret").toString("base64"))
const apiKey = Redacted.make("local-api-key")

/** A sandbox bank and an engine that know each other over loopback HTTP only. */
export const makeDemo = Effect.fnUntraced(function* (options: DemoOptions) {
  const settings = { seed: options.seed, chaos: options.chaos, speed: options.speed, accounts: passwords }
  const bank = yield* makeSandboxBank(settings)
  const bankContext = yield* Layer.build(sandboxServer(bank, settings, 0))
  const bankUrl = urlOf(Context.get(bankContext, HttpServer.HttpServer))
  const engineContext = yield* Layer.build(engineServer(engineConfig(options, bankUrl)))
  const engineUrl = urlOf(Context.get(engineContext, HttpServer.HttpServer))

  for (const account of [mainAccount, pageAccount]) {
    const client = yield* makeBankClient(bankConfig(account, bankUrl))
    yield* client.setCallback({
      callbackUrl: `${engineUrl}/callbacks/${account}`,
      authorization: { method: "BASIC", credentials: callbackCredentials },
    })
  }
  const client = yield* makeBankClient(bankConfig(mainAccount, bankUrl))

  /** What the merchant does: sends an application to the bank, and hands the bank's answer to the engine as it came. */
  const apply = Effect.fnUntraced(function* (externalReference: string) {
    const { raw } = yield* client.submitApplicationExt({
      xml: `<resurs-response><loan>${externalReference}</loan></resurs-response>`,
      consumerIp: "127.0.0.1",
      externalReference,
    })
    const status = yield* Effect.promise(async () => {
      const answer = await request(`${engineUrl}/v1/loans`, {
        method: "POST",
        headers: { authorization: `Bearer ${Redacted.value(apiKey)}`, "content-type": "text/xml" },
        body: raw,
      })
      await answer.body.dump()
      return answer.statusCode
    })
    if (status !== 201) return yield* Effect.die(new Error(`registration answered ${status}`))
  })

  const engine = Context.get(engineContext, LoanEngine)
  const store = Context.get(engineContext, LoanStore)
  return { bank, bankUrl, engineUrl, engine, store, apply }
})
export type Demo = Effect.Success<ReturnType<typeof makeDemo>>

function urlOf(server: HttpServer.HttpServer["Service"]): string {
  const { address } = server
  return address._tag !== "UnixPathAddress" ? `http://127.0.0.1:${address.port}` : ""
}

const bankConfig = (account: AccountName, bankUrl: string) => ({
  url: `${bankUrl}${sandboxPaths.soap}`,
  username: account,
  password: Redacted.make(passwords.get(account) ?? ""),
})

function engineConfig(options: DemoOptions, bankUrl: string): EngineConfig {
  const credentials = { method: "BASIC" as const, credentials: callbackCredentials }
  const jwks = { url: `${bankUrl}${sandboxPaths.jwks}`, apiKey: Redacted.make(sandboxJwksApiKey) }
  const account = (name: AccountName, signed: boolean): AccountConfig => ({
    name,
    bank: bankConfig(name, bankUrl),
    jwks: signed ? jwks : undefined,
    callbackCredentials: credentials,
    allowUnauthenticated: false,
  })
  return {
    host: "127.0.0.1",
    port: 0,
    databasePath: options.databasePath,
    apiKey,
    // The examples of the bank's page carry signatures that are none, so their account goes by its credentials alone.
    accounts: [account(mainAccount, true), account(pageAccount, false)],
    poller: {
      ...pollerDefaults,
      pollRatePerSecond: 2_000,
      pollsInFlightMax: 16,
      cadence: { ...cadenceDefaults, pollIntervalScale: 1 / options.speed },
    },
  }
}

const pageExamples = [
  "signed",
  "credit-decision-approved",
  "credit-decision-rejected",
  "waiting-for-addition",
  "paid-out",
]

const pageFile = (name: string): string =>
  readFileSync(new URL(`./bank-page/${name}`, import.meta.url), "utf8")

/** Sends the five example callbacks of the bank's page as they stand; counts those answered below 300. */
export const playBankPage = Effect.fnUntraced(function* ({ bank }: Demo) {
  for (const [reference, more] of pageLoans) bank.place(pageLoan(reference, more))
  const registration = bank.registrations.get(pageAccount)
  if (registration === undefined) return { accepted: 0, of: pageExamples.length }
  let accepted = 0
  for (const name of pageExamples) {
    const status = yield* bank.sendVerbatim(registration, pageFile(`${name}.json`))
    if (status >= 200 && status < 300) accepted++
  }
  return { accepted, of: pageExamples.length }
})

/** The page's own applications, as its examples leave them. */
const pageLoans: ReadonlyArray<readonly [string, Partial<BankLoan>]> = [
  ["ABC-123", { signedWithMethod: "E_SIGN", paidOut: true }],
  ["abc-123-def-567", { waitingForAddition: true, documents: ["ID"] }],
]

const pageLoan = (reference: string, more: Partial<BankLoan>): BankLoan => ({
  reference: ApplicationReference.make(reference),
  account: pageAccount,
  offer: {},
  requestedSigningMethod: "E_SIGN",
  decision: "APPROVED",
  waitingForAddition: false,
  documents: [],
  signedWithMethod: undefined,
  paidOut: false,
  over: true,
  ...more,
})
