import { Effect, Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { LoanEngine } from "../../record/engine.ts"
import { cadenceDefaults } from "../../schedule/poll-cadence.ts"
import { redactLoan } from "../../record/redaction.ts"
import type { Redaction } from "../../record/redaction.ts"
import { RedactionRecord } from "../../journal/redaction-record.ts"
import { reference } from "../loan/argument.ts"
import { databaseFlag, openStore } from "../open-store.ts"
import { commandUser } from "../command-user.ts"
import { jsonFlag, print } from "../output.ts"

const { by, reason } = RedactionRecord.fields.redaction.fields

const parameters = {
  database: databaseFlag,
  reference,
  by: Flag.String("by").pipe(
    Flag.withDescription("Who asks for it; the journal keeps the name"),
    Flag.withSchema(by),
  ),
  reason: Flag.String("reason").pipe(
    Flag.withDescription("Why; the journal keeps the reason"),
    Flag.withSchema(reason),
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Only report what would be erased"),
    Flag.withDefault(false),
  ),
  json: jsonFlag,
}

/** `loan-engine journal redact`: erases a loan's raw bodies. The journal records that. */
export const redact = Command.make(
  "redact",
  parameters,
  Effect.fn(function* ({ database, reference, by, reason, dryRun, json }) {
    // A redaction changes no fact, so it does not change the poll schedule. So the cadence does not matter here.
    const engine = LoanEngine.layer(cadenceDefaults).pipe(Layer.provideMerge(openStore(database, "write")))
    const redaction = yield* redactLoan({
      applicationReference: reference,
      by,
      reason,
      through: yield* commandUser,
      dryRun,
    }).pipe(Effect.provide(engine))
    yield* print(json, { ...redaction, dryRun }, [sentence(redaction, dryRun)])
  }),
).pipe(Command.withDescription("Erase a loan's raw bodies for good; the chain stays sound without them"))

function sentence({ applicationReference, bodies, upToVersion }: Redaction, dryRun: boolean): string {
  const loan = `loan ${applicationReference}`
  if (bodies === 0) return `${loan} has no raw bodies: nothing was erased`
  const what = `${bodies} raw ${bodies === 1 ? "body" : "bodies"} of ${loan}, up to version ${upToVersion}`
  return dryRun ? `would erase ${what}` : `erased ${what}`
}
