import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { Anchor } from "../audit/feed-judge.ts"
import { verifyJournal } from "../audit/verify-journal.ts"
import type { Verification } from "../audit/verify-journal.ts"
import { findingLines, foundUnsound } from "./findings-output.ts"
import { databaseFlag, withStore } from "./open-store.ts"
import { jsonFlag, print } from "./output.ts"

const anchorPattern = /^(?<number>[1-9]\d{0,14}):(?<hash>[0-9a-f]{64})$/u

/** `7:<64 hex digits>`: a checkpoint's number and hash, as `journal verify` told them once. */
const anchorFlag = Flag.String("anchor").pipe(
  Flag.withDescription("A checkpoint as it was kept elsewhere, <number>:<hash>; may be given several times"),
  Flag.withMetavar("number:hash"),
  Flag.filter(
    (text) => anchorPattern.test(text),
    (text) => `an anchor is a checkpoint's number, a colon and its hash in 64 hex digits, not "${text}"`,
  ),
  Flag.map((text): Anchor => ({ number: Number(text.split(":")[0]), hash: text.split(":")[1] ?? "" })),
  Flag.atLeast(0),
)

/** `loan-engine journal verify`: whether the store is as it was written. */
export const verify = Command.make(
  "verify",
  { database: databaseFlag, anchor: anchorFlag, json: jsonFlag },
  Effect.fn(function* ({ database, anchor, json }) {
    const verified = yield* verifyJournal(anchor).pipe(withStore(database, "read-one-moment"))
    const sound = verified.findingsCount === 0
    yield* print(json, { sound, ...verified }, [...findingLines(verified), ...summary(verified)])
    if (!sound) return yield* foundUnsound(verified)
  }),
).pipe(
  Command.withDescription("Look for rows, snapshots and checkpoints that were altered, removed or reordered"),
)

function summary(verified: Verification): ReadonlyArray<string> {
  const { rows, loans, checkpoints, newestCheckpoint, unsealed, findingsCount } = verified
  return [
    `${rows} rows of ${loans} loans under ${checkpoints} checkpoints: ${findingsCount === 0 ? "sound" : `${findingsCount} findings`}`,
    unsealed.rows === 0
      ? "Every row is sealed."
      : `${unsealed.rows} rows behind position ${unsealed.afterPosition} are not sealed yet: if the last of them vanished, nobody could tell.`,
    newestCheckpoint === null
      ? "There is no checkpoint yet."
      : `Keep the newest checkpoint elsewhere: --anchor ${newestCheckpoint.number}:${newestCheckpoint.hash}`,
  ]
}
