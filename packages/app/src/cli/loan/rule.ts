import type { Step } from "@loan-engine/domain/loan"
import { Verdict } from "@loan-engine/domain/loan-event"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { previewRuling, rule as record } from "../../record/operator.ts"
import { reference } from "./argument.ts"
import { writingEngine } from "../open-store.ts"
import { commandUser } from "../command-user.ts"
import { jsonFlag, print } from "../output.ts"

/** `loan-engine rule <reference> approved|rejected`: an operator's ruling on a dispute, with name and reason. */
export const rule = Command.make(
  "rule",
  {
    reference,
    decision: Argument.Literals("decision", Verdict.literals).pipe(
      Argument.withDescription("The loan's decision from now on"),
    ),
    by: Flag.String("by").pipe(Flag.withDescription("Who rules: a person whom a reviewer can ask")),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why; the journal keeps the reason permanently")),
    ifVersion: Flag.Int("if-version").pipe(
      Flag.withDescription("Rule only if the loan is still at this version"),
      Flag.optional,
    ),
    undisputed: Flag.Boolean("undisputed").pipe(
      Flag.withDescription("Rule on a loan that is not in dispute"),
      Flag.withDefault(false),
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Show the steps that the loan would take, without writing"),
      Flag.withDefault(false),
    ),
    json: jsonFlag,
  },
  Effect.fn(function* (given) {
    const ruling = { decision: given.decision, by: given.by, reason: given.reason }
    const options = {
      ifVersion: Option.getOrUndefined(given.ifVersion),
      undisputed: given.undisputed,
      through: yield* commandUser,
    }
    const { disposition, steps, loan } = yield* given.dryRun
      ? previewRuling(given.reference, ruling, options)
      : record(given.reference, ruling, options)
    const { applicationReference, stage, version } = loan
    const result = { applicationReference, dryRun: given.dryRun, disposition, steps, stage, version }
    yield* print(given.json, result, [
      ...steps.map(stepLine),
      given.dryRun
        ? `${applicationReference} would be ${stage}; nothing was written`
        : `${applicationReference} is ${stage}, at version ${version}`,
    ])
  }, Effect.provide(writingEngine)),
).pipe(Command.withDescription("Rule on a dispute, with name and reason; --dry-run shows what it would do"))

const stepLine = ({ from, to, inferred }: Step): string => `${from} -> ${to}${inferred ? " (inferred)" : ""}`
