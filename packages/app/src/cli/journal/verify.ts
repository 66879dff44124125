import { existsSync } from "node:fs"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { verifyJournal } from "../../audit/verify-journal.ts"
import { judgeStamps } from "../../audit/time-stamps.ts"
import type { StampedAnchor } from "../../audit/time-stamps.ts"
import type { Verification } from "../../audit/verify-journal.ts"
import type { Anchor } from "../../journal/anchor.ts"
import { anchorsFileOf, settingsFromEnvironment } from "../../config/config.ts"
import { anchorsOf } from "../../feed/anchors.ts"
import { unusable } from "../exit-codes.ts"
import { findingLines, foundUnsound, soundness, storeEmpty } from "../findings-output.ts"
import { databaseFlag, existingDatabase, restMs, withStore } from "../open-store.ts"
import { jsonFlag, print } from "../output.ts"

const anchorPattern = /^(?<number>[1-9]\d{0,14}):(?<hash>[0-9a-f]{64})$/u

/** An anchor, `7:<64 hex digits>`: a checkpoint's number and hash, in the form that `journal verify` prints. */
const anchorFlag = Flag.String("anchor").pipe(
  Flag.withDescription("A checkpoint that was kept elsewhere, <number>:<hash>; may be given several times"),
  Flag.withMetavar("number:hash"),
  Flag.filter(
    (text) => anchorPattern.test(text),
    (text) => `an anchor is a checkpoint's number, a colon and its hash in 64 hex digits, not "${text}"`,
  ),
  Flag.map((text): Anchor => ({ number: Number(text.split(":")[0]), hash: text.split(":")[1] ?? "" })),
  Flag.atLeast(0),
)

const anchorsFlag = Flag.String("anchors").pipe(
  Flag.withDescription("A file of anchors, as the engine keeps one; the default is LOAN_ENGINE_ANCHORS_FILE"),
  Flag.withMetavar("file"),
  Flag.optional,
)

/** The anchors in the named file, or else in the store's own anchors file. A named file must exist. */
const keptAnchors = Effect.fnUntraced(
  function* (database: Option.Option<string>, named: Option.Option<string>) {
    const { engine } = yield* settingsFromEnvironment
    const own = Option.isSome(database) ? undefined : engine.anchorsFile
    const file = Option.getOrUndefined(named) ?? own ?? anchorsFileOf(yield* existingDatabase(database))
    if (Option.isSome(named) && !existsSync(named.value))
      return yield* unusable(`There is no file ${named.value}: --anchors names the anchors to compare with.`)
    return { file, anchors: file === undefined ? [] : yield* anchorsOf(file) }
  },
  Effect.mapError(({ message }) => unusable(message)),
)

/** `loan-engine journal verify`: checks that the store is unaltered. */
export const verify = Command.make(
  "verify",
  { database: databaseFlag, anchor: anchorFlag, anchors: anchorsFlag, json: jsonFlag },
  Effect.fn(function* ({ database, anchor, anchors, json }) {
    const kept = yield* keptAnchors(database, anchors)
    const judged = yield* verifyJournal([...kept.anchors, ...anchor], undefined, yield* restMs).pipe(
      withStore(database, "read"),
    )
    const stamps = yield* judgeStamps(kept.anchors)
    const verified = {
      ...judged,
      findings: [...judged.findings, ...stamps.findings],
      findingsCount: judged.findingsCount + stamps.findings.length,
    }
    const sound = soundness(verified)
    const compared = { file: kept.file ?? null, anchors: kept.anchors.length }
    yield* print(json, { sound, compared, timeStamped: stamps.newest, ...verified }, [
      ...findingLines(verified),
      ...(sound === null ? [] : summary(verified)),
      kept.file === undefined
        ? "No file of anchors was compared: set LOAN_ENGINE_ANCHORS_FILE, or give --anchors."
        : `Compared with ${kept.anchors.length} anchors in ${kept.file}.`,
      ...(verified.newerAnchors === 0
        ? []
        : [
            `This is a standby. Anchors that are newer than its last checkpoint: ${verified.newerAnchors}. Verify the primary to compare them too.`,
          ]),
      ...(stamps.newest === null ? [] : [stampedLine(stamps.newest)]),
    ])
    if (sound === null) return yield* storeEmpty
    if (!sound) return yield* foundUnsound(verified)
  }),
).pipe(
  Command.withDescription("Find rows, snapshots and checkpoints that were altered, removed or reordered"),
)

const stampedLine = ({ number, at, name, certificate }: StampedAnchor): string =>
  `Checkpoint ${number} has a time stamp of ${at}, by a certificate that calls itself "${name}" (SHA-256 ${certificate}). ` +
  "Nobody has checked this certificate yet: docs/journal.md says how."

function summary(verified: Verification): ReadonlyArray<string> {
  const { rows, loans, checkpoints, newestCheckpoint, unsealed, findingsCount } = verified
  return [
    `${rows} rows of ${loans} loans under ${checkpoints} checkpoints: ${findingsCount === 0 ? "sound" : `${findingsCount} findings`}`,
    unsealed.rows === 0
      ? "Every row is sealed."
      : `${unsealed.rows} rows after position ${unsealed.afterPosition} are not sealed yet. If the last of them were deleted, nobody would notice.`,
    newestCheckpoint === null
      ? "There is no checkpoint yet."
      : `Keep the newest checkpoint elsewhere: --anchor ${newestCheckpoint.number}:${newestCheckpoint.hash}`,
  ]
}
