import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { banksLayer } from "../../polling/bank-clients.ts"
import { Banks } from "../../ports/banks.ts"
import { operatorConfigFromEnvironment } from "../../config/config.ts"
import { LoanEngine } from "../../record/engine.ts"
import { knownLoan } from "../../record/known-loan.ts"
import { Poller } from "../../polling/poller.ts"
import { whyOf } from "../../polling/ask-bank.ts"
import type { PollAnswer } from "../../polling/ask-bank.ts"
import { BankUnanswered, unusable } from "../exit-codes.ts"
import { reference } from "./argument.ts"
import { writingEngine } from "../open-store.ts"
import { jsonFlag, print, table } from "../output.ts"

const polling = Layer.unwrap(
  Effect.map(operatorConfigFromEnvironment, (config) =>
    Poller.layerOnDemand(config.poller).pipe(Layer.provideMerge(banksLayer(config))),
  ),
).pipe(Layer.provideMerge(writingEngine))

/** `loan-engine poll now <reference>`: polls one loan at once. */
const now = Command.make(
  "now",
  { reference, json: jsonFlag },
  Effect.fn(function* (options) {
    const poller = yield* Poller
    const engine = yield* LoanEngine
    const stored = yield* knownLoan(options.reference)
    const banks = yield* Banks
    if (!banks.has(stored.loan.account)) {
      return yield* unusable(
        `The account ${stored.loan.account} has no bank: set LOAN_ENGINE_BANK_URL, _USERNAME and _PASSWORD.`,
      )
    }
    const answers = yield* poller.poll(stored, ["status", "quote"])
    const stage = (yield* engine.loan(options.reference))?.loan.stage ?? stored.loan.stage
    const shown = answers.map(answerJson)
    yield* print(options.json, { applicationReference: options.reference, stage, answers: shown }, [
      ...table(
        ["asked", "answer"],
        shown.map(({ question, outcome }) => [question, outcome]),
      ),
      `${options.reference} is ${stage}`,
    ])
    if (answers.some(({ answered }) => answered)) return
    yield* new BankUnanswered({
      message: "The bank did not answer. The engine will poll this loan again.",
    })
  }, Effect.provide(polling)),
).pipe(Command.withDescription("Ask the bank about a loan at once"))

const answerJson = (answer: PollAnswer) => ({
  question: answer.question,
  answered: answer.answered,
  outcome: answer.answered ? answer.recorded.disposition : whyOf(answer),
})

export const poll = Command.make("poll").pipe(
  Command.withDescription("Ask the bank"),
  Command.withSubcommands([now]),
)
