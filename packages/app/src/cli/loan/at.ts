import { Instant } from "@loan-engine/domain/instant"
import { loanView } from "@loan-engine/domain/loan-view"
import { Effect, Schema, SchemaGetter, SchemaIssue } from "effect"
import { Argument, Command } from "effect/cli"
import { LoanEngine } from "../../record/engine.ts"
import { knownLoan } from "../../record/known-loan.ts"
import { knownAt } from "../../record/operator.ts"
import { reference } from "./argument.ts"
import { readingEngine } from "../open-store.ts"
import { facts, iso, jsonFlag, print } from "../output.ts"

const notTime = new SchemaIssue.InvalidValue({ message: "expected a time such as 2026-03-01T12:00:00Z" })

/** A time with its time zone. Without a zone, people in two countries would read it differently. */
export const InstantText = Schema.String.pipe(
  Schema.decodeTo(Instant, {
    decode: SchemaGetter.transformEffect((text) => {
      const at = Date.parse(text)
      const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/u.exec(text) ?? []
      const isDay =
        new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
      const zoned = /^\d{4}-\d{2}-\d{2}(?:$|T.*(?:Z|[+-]\d{2}:?\d{2})$)/u.test(text)
      return zoned && isDay && Number.isFinite(at) ? Effect.succeed(at) : Effect.fail(notTime)
    }),
    encode: SchemaGetter.transform((at) => iso(at)),
  }),
)

/** `loan-engine at <time> <reference>`: the loan as it was known at that time. */
export const at = Command.make(
  "at",
  {
    time: Argument.String("time").pipe(
      Argument.withDescription(
        "A time such as 2026-03-01T12:00:00Z, or a day, which means its beginning in UTC",
      ),
      Argument.withSchema(InstantText),
    ),
    reference,
    json: jsonFlag,
  },
  Effect.fn(function* (options) {
    const engine = yield* LoanEngine
    yield* knownLoan(options.reference)
    const loan = knownAt(yield* engine.history(options.reference), options.time)
    const view = loan === undefined ? null : loanView(loan)
    yield* print(
      options.json,
      { at: iso(options.time), loan: view },
      view === null
        ? [`nothing was known of ${options.reference} at ${iso(options.time)}`]
        : facts([
            ["loan", view.applicationReference],
            ["at", iso(options.time)],
            ["stage", view.stage],
            ["version", String(view.version)],
            ["documents", view.additionOutstanding ? "outstanding" : "-"],
            ["offer", view.offer === null ? "-" : JSON.stringify(view.offer)],
            ["signed", view.signing.signed ? "yes" : "no"],
            ["closed", view.closure === null ? "no" : `yes, ${view.closure.reason}`],
          ]),
    )
  }, Effect.provide(readingEngine)),
).pipe(Command.withDescription("Show what was known of a loan at a moment"))
