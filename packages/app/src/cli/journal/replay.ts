import { Effect } from "effect"
import { Command } from "effect/cli"
import { replayJournal } from "../../audit/replay-journal.ts"
import { findingLines, foundUnsound, soundness, storeEmpty } from "../findings-output.ts"
import { databaseFlag, withStore } from "../open-store.ts"
import { jsonFlag, print } from "../output.ts"

/**
 * `loan-engine journal replay`: checks that a replay of the journal gives every snapshot and every decision again.
 */
export const replay = Command.make(
  "replay",
  { database: databaseFlag, json: jsonFlag },
  Effect.fn(function* ({ database, json }) {
    const replayed = yield* replayJournal().pipe(withStore(database, "read"))
    const { rows, loans, findingsCount } = replayed
    const sound = soundness(replayed)
    yield* print(json, { sound, ...replayed }, [
      ...findingLines(replayed),
      ...(sound === null
        ? []
        : [
            `${rows} rows of ${loans} loans replayed from their first row: ` +
              (sound ? "every snapshot and every decision is the same" : `${findingsCount} findings`),
          ]),
    ])
    if (sound === null) return yield* storeEmpty
    if (!sound) return yield* foundUnsound(replayed)
  }),
).pipe(Command.withDescription("Rebuild every snapshot and every decision from the journal, and compare"))
