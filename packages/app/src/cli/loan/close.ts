import { ClosureReason } from "@loan-engine/domain/closure"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { setClosure } from "../../record/closing.ts"
import type { Closing } from "../../record/closing.ts"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { isClosed } from "@loan-engine/domain/standing"
import { commandUser } from "../command-user.ts"
import { reference } from "./argument.ts"
import { writingEngine } from "../open-store.ts"
import { jsonFlag, print } from "../output.ts"

const by = Flag.String("by").pipe(
  Flag.withDescription(
    "Who says so: a person whom a reviewer can ask; the default is the user of this command",
  ),
  Flag.optional,
)
const note = Flag.String("note").pipe(
  Flag.withDescription("A note about it; the journal keeps it permanently"),
  Flag.optional,
)
const ifVersion = Flag.Int("if-version").pipe(
  Flag.withDescription("Only if the loan is still at this version"),
  Flag.optional,
)

interface Given {
  readonly reference: ApplicationReference
  readonly by: Option.Option<string>
  readonly note: Option.Option<string>
  readonly ifVersion: Option.Option<number>
  readonly json: boolean
}

const closed = Effect.fnUntraced(function* (
  given: Given,
  closing: { readonly closes: true; readonly reason: ClosureReason } | { readonly closes: false },
) {
  const through = yield* commandUser
  const said: Closing = {
    ...closing,
    by: Option.getOrElse(given.by, () => through),
    note: Option.getOrUndefined(given.note),
  }
  const {
    stored: { loan },
  } = yield* setClosure(given.reference, said, {
    ifVersion: Option.getOrUndefined(given.ifVersion),
    through,
  })
  const { applicationReference, stage, version, facts } = loan
  const isNowClosed = isClosed(facts)
  yield* print(given.json, { applicationReference, closed: isNowClosed, stage, version }, [
    isNowClosed
      ? `${applicationReference} is closed; its stage at the bank is ${stage}`
      : `${applicationReference} is open, and ${stage}`,
  ])
})

/** `loan-engine close <reference> <reason>`: closes an application that nobody pursues any more. */
export const close = Command.make(
  "close",
  {
    reference,
    reason: Argument.Literals("reason", ClosureReason.literals).pipe(
      Argument.withDescription("Why nobody pursues it any more"),
    ),
    by,
    note,
    ifVersion,
    json: jsonFlag,
  },
  Effect.fn(function* ({ reason, ...given }) {
    yield* closed(given, { closes: true, reason })
  }, Effect.provide(writingEngine)),
).pipe(
  Command.withDescription(
    "Close a loan that nobody pursues; it opens again if the bank makes progress, or with reopen",
  ),
)

/** `loan-engine reopen <reference>`: opens a closed application again. */
export const reopen = Command.make(
  "reopen",
  { reference, by, note, ifVersion, json: jsonFlag },
  Effect.fn(function* (given) {
    yield* closed(given, { closes: false })
  }, Effect.provide(writingEngine)),
).pipe(Command.withDescription("Open a closed loan again: the engine polls it as before"))
