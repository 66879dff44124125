import type { Exchange, ExchangeRequest, ExchangeResponse } from "@loan-engine/adapters-http/http/exchange"
import { ExchangeFailed } from "@loan-engine/adapters-http/http/exchange"
import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import type { SandboxBank, SandboxSettings } from "@loan-engine/app/sandbox/sandbox-bank"
import { answerJwks, answerSoap } from "@loan-engine/app/sandbox/sandbox-server"
import { Effect, Result } from "effect"
import type { CrashPoint, ExchangeFault } from "./faults.ts"
import { decisionWords, statusWords } from "../true-words.ts"
import type { Witness } from "../witness.ts"
import { secondMs } from "../world.ts"
import type { World } from "../world.ts"

export interface NetworkSettings {
  readonly world: World
  readonly witness: Witness
  readonly bank: () => SandboxBank
  readonly bankSettings: SandboxSettings
  readonly step: (point: CrashPoint) => void
  /** Makes the bank change a loan at once. */
  readonly nudge: (reference: string) => void
}

/** Slightly less than the bank client's own limit. */
const slowMsMax = 28 * secondMs

const refused = new ExchangeFailed({ kind: "refused", code: "ECONNREFUSED" })
const reset = new ExchangeFailed({ kind: "refused", code: "ECONNRESET" })

/** Carries the engine's requests to the sandbox bank, with the faults of the world. */
export function makeNetwork(settings: NetworkSettings) {
  const { world, step } = settings
  const draws = world.draws("network")

  const drawFault = (): ExchangeFault | undefined => {
    let share = draws.next()
    for (const [fault, rate] of entriesOf(world.rates().exchange)) {
      if (share < rate) return fault
      share -= rate
    }
    return undefined
  }

  /** One exchange with at most one fault: on the way out, in the bank, or on the way back. */
  const carry = (
    to: "bank" | "jwks",
    handle: Effect.Effect<ExchangeResponse>,
    moveOn: () => void,
  ): Effect.Effect<ExchangeResponse, ExchangeFailed> =>
    Effect.gen(function* () {
      const fault = drawFault()
      if (fault !== undefined) world.count(`${to} ${fault}`)
      yield* Effect.sleep(draws.between(1, 80))
      if (world.isOut[to] || fault === "refused") return yield* refused
      if (fault === "server-error") return plain(draws.pick([500, 502, 504]), {})
      if (fault === "retry-later") return retryLater(draws.pick([429, 503]), draws.between(1, 600))
      const answer = yield* handle
      if (fault === "never-answered") return yield* Effect.never
      if (fault === "overtaken") moveOn()
      yield* Effect.sleep(draws.between(1, fault === "slow" || fault === "overtaken" ? slowMsMax : 80))
      if (fault === "answer-lost") return yield* reset
      if (fault !== "garbled") return answer
      return { ...answer, body: answer.body.subarray(0, Math.floor(draws.next() * answer.body.length)) }
    })

  const askBank = (request: ExchangeRequest) =>
    Effect.gen(function* () {
      const asked = world.engineNow()
      step("question-sent")
      const moveOn = (): void => settings.nudge(questionOf(request)?.applicationReference ?? "")
      const soap = Effect.suspend(() => soapAnswer(settings, request, asked))
      const answer = yield* Effect.exit(carry("bank", world.onTrueTime(soap), moveOn))
      step("answer-came")
      return yield* answer
    })

  const askJwks = (request: ExchangeRequest) =>
    carry(
      "jwks",
      Effect.sync(() => answerJwks(settings.bank(), request.headers["apikey"])),
      () => undefined,
    )

  return {
    exchanges: (isAlive: () => boolean) => ({
      bankExchange: onlyAlive(isAlive, askBank),
      jwksExchange: onlyAlive(isAlive, askJwks),
    }),
    /** The merchant's own connection to the bank. It is slow but loses nothing. */
    merchantExchange: ((request) => {
      const soap = soapAnswer(settings, request, world.engineNow())
      return Effect.delay(world.onTrueTime(soap), draws.between(1, 2 * secondMs))
    }) satisfies Exchange,
  }
}

/** A dead process sends and receives nothing. */
const onlyAlive =
  (isAlive: () => boolean, exchange: Exchange): Exchange =>
  (request) =>
    Effect.suspend(() => (isAlive() ? Effect.exit(exchange(request)) : Effect.never)).pipe(
      Effect.flatMap((exit) => (isAlive() ? exit : Effect.never)),
    )

/** The question in a request, and its loan. `undefined` for any other operation of the bank. */
function questionOf({ body = new Uint8Array() }: ExchangeRequest) {
  const decoded = decodeBankRequest(body)
  if (Result.isFailure(decoded)) return undefined
  const { operation, request } = decoded.success
  if (operation !== "getApplicationStatus" && operation !== "getApplicationQuote") return undefined
  return {
    isStatus: operation === "getApplicationStatus",
    applicationReference: request.applicationReference,
  }
}

/** The bank's answer. The witness notes its content and the time of the question. */
const soapAnswer = Effect.fnUntraced(function* (
  { bank, bankSettings, witness, world }: NetworkSettings,
  request: ExchangeRequest,
  asked: number,
) {
  const body = request.body ?? new Uint8Array()
  const answer = yield* answerSoap(bank(), bankSettings, request.headers["authorization"], body)
  const question = questionOf(request)
  if (question === undefined) return answer
  const { isStatus, applicationReference } = question
  witness.questions[isStatus ? "poll" : "quote"]++
  const loan = bank().seen.get(applicationReference)
  if (loan === undefined || answer.status !== 200) return answer
  witness.said(loan.reference, isStatus ? statusWords(loan, asked) : decisionWords(loan, asked, true))
  world.tell(() => `the bank is asked its ${isStatus ? "status" : "quote"}: ${describe(loan)}`)
  return answer
})

const describe = ({ reference, decision, waitingForAddition, signedWithMethod, paidOut }: BankLoan): string =>
  `${reference} ${JSON.stringify({ decision, waitingForAddition, signedWithMethod, paidOut })}`

const plain = (status: number, headers: Readonly<Record<string, string>>): ExchangeResponse => ({
  status,
  headers: { "content-type": "text/plain", ...headers },
  body: new TextEncoder().encode("not now"),
})

const retryLater = (status: number, seconds: number): ExchangeResponse =>
  plain(status, { "retry-after": String(Math.round(seconds)) })

const entriesOf = <K extends string, V>(table: Readonly<Record<K, V>>): ReadonlyArray<[K, V]> =>
  Object.entries(table) as Array<[K, V]>
