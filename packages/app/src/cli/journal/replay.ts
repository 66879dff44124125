import { Effect } from "effect"
import { Command } from "effect/cli"
import { replayJournal } from "../../audit/replay-journal.ts"
import { findingLines, foundUnsound } from "../findings-output.ts"
import { databaseFlag, withStore } from "../open-store.ts"
import { jsonFlag, print } from "../output.ts"

/** `loan-engine journal replay`: whether the journal folds to the snapshots, and each decision comes out again. */
export const replay = Command.make(
  "replay",
  { database: databaseFlag, json: jsonFlag },
  Effect.fn(function* ({ database, json }) {
    const replayed = yield* replayJournal().pipe(withStore(database, "read-one-moment"))
    const { rows, loans, findingsCount } = replayed
    const sound = findingsCount === 0
    yield* print(json, { sound, ...replayed }, [
      ...findingLines(replayed),
      `${rows} rows of ${loans} loans replayed from nothing: ` +
        (sound ? "every snapshot and every decision comes out again" : `${findingsCount} findings`),
    ])
    if (!sound) return yield* foundUnsound(replayed)
  }),
).pipe(Command.withDescription("Rebuild every snapshot from the journal and compare, decisions included"))
