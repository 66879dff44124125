import { ApplicationReference } from "@loan-engine/domain/observation"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { exportJournal } from "../../audit/export-journal.ts"
import type { ExportOptions } from "../../audit/export-journal.ts"
import { unusable } from "../exit-codes.ts"
import { databaseFlag, withStore } from "../open-store.ts"
import { standardOutput, writeWholeFile } from "../text-output.ts"
import type { WriteText } from "../text-output.ts"

const flags = {
  database: databaseFlag,
  after: Flag.Int("after").pipe(
    Flag.withDescription("Only rows after this position of the feed"),
    Flag.withDefault(0),
  ),
  loan: Flag.String("loan").pipe(
    Flag.withDescription("Only the rows of this loan"),
    Flag.withSchema(ApplicationReference),
    Flag.optional,
  ),
  raw: Flag.Boolean("raw").pipe(
    Flag.withDescription("With the raw bodies in base64; they contain personal data"),
    Flag.withDefault(false),
  ),
  output: Flag.String("output").pipe(
    Flag.withDescription("Write to this file, completely or not at all, instead of the standard output"),
    Flag.optional,
  ),
}

/** `loan-engine journal export`: the journal as NDJSON. */
export const exportCommand = Command.make(
  "export",
  flags,
  Effect.fn(function* ({ database, after, loan, raw, output }) {
    const options: ExportOptions = { after, loan: Option.getOrUndefined(loan), withRaw: raw }
    const run = (write: WriteText) =>
      exportJournal(options, write).pipe(
        Effect.catchTag("OrderUnreadable", ({ message }) =>
          Effect.fail(unusable(`The journal cannot be read: ${message}. Run journal verify.`)),
        ),
        withStore(database, "read"),
      )
    if (Option.isNone(output)) {
      return yield* Effect.flatMap(standardOutput, run).pipe(
        Effect.catchTag("OutputClosed", () => Effect.void),
        Effect.asVoid,
      )
    }
    const rows = yield* writeWholeFile(output.value, run)
    yield* Console.log(`${rows} rows written to ${output.value}`)
  }),
).pipe(Command.withDescription("Write the journal as NDJSON, one line for each row"))
