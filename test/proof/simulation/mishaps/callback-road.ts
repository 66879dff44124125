import type { CallbackRequest } from "@loan-engine/adapters-http/callback/request"
import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import type { CallbackTransport } from "@loan-engine/app/sandbox/callback-sender"
import type { CallbackAnswer } from "@loan-engine/adapters-http/callback/answer"
import { Effect } from "effect"
import type { ForgedLetter, Letter } from "./adversary.ts"
import { accounts } from "../accounts.ts"
import type { EngineHost } from "../engine-host.ts"
import { bankClockBehindMsMax } from "@loan-engine/app/schedule/timely"
import { callbackWords, issuedAtMs } from "../true-words.ts"
import type { CallbackBody } from "../true-words.ts"
import type { Witness, Word } from "../witness.ts"
import { dayMs, secondMs } from "../world.ts"
import type { World } from "../world.ts"

export interface RoadSettings {
  readonly world: World
  readonly witness: Witness
  readonly host: () => EngineHost
  readonly loan: (reference: string) => BankLoan | undefined
  readonly forge: (genuine: Letter) => ForgedLetter
  /** Tells the operator that the engine has a loan in dispute. */
  readonly alert: (reference: string) => Effect.Effect<void>
  /** Runs an effect in the background. */
  readonly leave: (effect: Effect.Effect<unknown>) => Effect.Effect<void>
}

/** The longest delay of a callback, and the longest wait before it is repeated. */
const delayMsMax = 3 * dayMs
const noAnswer = 0

/** The transport of the bank's callbacks to the real receiver, with all its faults. */
export function makeCallbackRoad(settings: RoadSettings): CallbackTransport {
  const { world, witness, leave } = settings
  const draws = world.draws("road")

  const later = (letter: Letter, isTrue: boolean): Effect.Effect<void> => {
    const afterMs = draws.chance(0.5) ? draws.between(0, 60 * secondMs) : draws.between(0, delayMsMax)
    return leave(Effect.delay(deliver(settings, letter, isTrue), afterMs))
  }
  const happens = (fault: keyof ReturnType<World["rates"]>["delivery"]): boolean => {
    const does = draws.chance(world.rates().delivery[fault])
    if (does) world.count(`callback ${fault}`)
    return does
  }

  return Effect.fnUntraced(function* (url, headers, body) {
    const letter: Letter = { account: url.split("/").at(-1) ?? "", headers, body }
    witness.callbacks++
    yield* Effect.sleep(draws.between(1, 80))
    if (happens("forged")) {
      const forged = settings.forge(letter)
      world.count(`forged ${forged.kind}`)
      yield* later(forged, forged.isTrue)
    }
    if (happens("duplicated")) yield* later(letter, true)
    if (happens("swallowed")) return 200
    if (happens("delayed")) {
      yield* later(letter, true)
      return draws.chance(0.5) ? 200 : noAnswer
    }
    if (happens("lost")) return noAnswer
    const status = yield* deliver(settings, letter, true)
    return happens("answer-lost") ? noAnswer : status
  })
}

/**
 * Gives a letter's bytes to the receiver, and returns the status of the answer. The witness counts the acknowledged
 * letters.
 */
const deliver = Effect.fnUntraced(function* (
  { world, witness, host, loan, alert }: RoadSettings,
  letter: Letter,
  isTrue: boolean,
) {
  const running = host().running()
  if (running === undefined) return noAnswer
  const words = isTrue ? trueWords(letter, world.engineNow(), loan) : []
  const reference = referenceIn(letter.body)
  witness.said(reference, words)
  // The bank's clock may be minutes behind. So the engine may date a recent request by its receipt.
  witness.said(
    reference,
    words.map((word) => atReceipt(word, world.engineNow())),
  )
  const delivered = witness.delivered(reference, letter.account, letter.body)
  const [first] = words
  const attempt =
    first !== undefined && verifies(letter) ? witness.attempted(letter.body, first.at) : undefined
  const answer = yield* Effect.raceFirst(
    world.onEngineTime(running.receiver.receive(letter.account, requestOf(letter))),
    Effect.as(running.died, undefined),
  )
  if (answer === undefined || !running.isAlive()) return noAnswer
  world.tell(() => `callback ${isTrue ? "" : "(forged) "}${describe(letter)} is answered ${told(answer)}`)
  if (answer.status < 300) delivered.acknowledged++
  if (answer.status === 200)
    delivered.believed.push(
      ...words.map((word) => (isOfRequest(word) ? { ...word, at: attempt?.firstAt() ?? word.at } : word)),
    )
  else attempt?.refused()
  if (answer.body.includes('"disputed"')) yield* alert(reference)
  host().step("acknowledged")
  return answer.status
})

/** The events in the bank's own bytes. Their times depend on what the account can verify. */
function trueWords(letter: Letter, receivedAt: number, find: RoadSettings["loan"]) {
  const told = JSON.parse(letter.body) as CallbackBody
  const loan = find(told.externalApplicationEvent.applicationReference)
  const issuedAt = verifies(letter) ? issuedAtMs(told) : undefined
  const at = Math.min(receivedAt, issuedAt ?? receivedAt)
  return loan === undefined ? [] : callbackWords(told, at)
}

const verifies = ({ account }: Letter): boolean =>
  accounts.some(({ name, signed }) => name === account && signed)

const atReceipt = (word: Word, receivedAt: number): Word =>
  isOfRequest(word) && receivedAt - word.at <= bankClockBehindMsMax ? { ...word, at: receivedAt } : word

const isOfRequest = ({ type }: Word): boolean => type === "addition.requested" || type === "document"

/** The loan that a body names. Empty if the body is no longer a callback. */
const referenceIn = (body: string): string =>
  /"applicationReference":"(?<reference>[^"]+)"/u.exec(body)?.groups?.["reference"] ?? ""

const requestOf = ({ headers, body }: Letter): CallbackRequest => ({
  method: "POST",
  headers: { get: (name) => headers[name] ?? null },
  // oxlint-disable-next-line typescript/require-await
  body: (async function* () {
    yield new TextEncoder().encode(body)
  })(),
})

const told = ({ status, body }: CallbackAnswer): string => `${status} ${body.slice(0, 120)}`

const describe = ({ account, body }: Letter): string => `to ${account}: ${body.slice(0, 140)}`
