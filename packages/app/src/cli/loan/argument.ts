import { ApplicationReference } from "@loan-engine/domain/observation"
import { Argument } from "effect/cli"

/** The application reference of the loan that a command is about. */
export const reference = Argument.String("reference").pipe(
  Argument.withDescription("The bank's application reference of the loan"),
  Argument.withSchema(ApplicationReference),
)
