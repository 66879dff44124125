import { Command } from "effect/cli"
import { exportCommand } from "./export.ts"
import { redact } from "./redact.ts"
import { replay } from "./replay.ts"
import { verify } from "./verify.ts"

/** `loan-engine journal`: commands for the journal of all loans. */
export const journal = Command.make("journal").pipe(
  Command.withDescription("Verify, replay, export and redact the journal, also beside a running engine"),
  Command.withSubcommands([verify, replay, exportCommand, redact]),
)
