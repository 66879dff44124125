import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { anchorsFileOf, settingsFromEnvironment } from "../config/config.ts"
import { databaseConfig } from "../config/database-config.ts"
import { backUp, proveFile, restore as restoreFile } from "../copy/proven-file.ts"
import type { ProvenFile, StoreFile } from "../copy/proven-file.ts"
import { anchorsOf } from "../feed/anchors.ts"
import type { Database } from "../store/database.ts"
import { unusable } from "./exit-codes.ts"
import { reportUnsound } from "./findings-output.ts"
import { existingDatabase, restMs } from "./open-store.ts"
import { jsonFlag, print } from "./output.ts"

/** `loan-engine backup`: writes an SQLite store into one new file, and proves that file. */
export const backup = Command.make(
  "backup",
  {
    to: Flag.String("to").pipe(
      Flag.withDescription("The file to write; it must not exist"),
      Flag.withMetavar("file"),
    ),
    json: jsonFlag,
  },
  Effect.fn(function* ({ to, json }) {
    const store = yield* sqliteOf(yield* existingDatabase(Option.none()))
    const proven = yield* Effect.catchTag(
      backUp(yield* withAnchors(store), to),
      "StoreUnsound",
      reportUnsound,
    )
    yield* print(json, { from: store.path, to, ...proven }, [
      `${store.path} is backed up to ${to}`,
      ...summary(proven),
    ])
  }),
).pipe(
  Command.withDescription(
    "Write the store into one new file, also while an engine runs, and prove that file",
  ),
)

/** `loan-engine restore`: copies a backup to the place of the store. With `--verify`, it only proves the backup. */
export const restore = Command.make(
  "restore",
  {
    from: Flag.String("from").pipe(Flag.withDescription("The backup"), Flag.withMetavar("file")),
    verify: Flag.Boolean("verify").pipe(
      Flag.withDescription("Only prove the backup and compare it with the store's anchors; write nothing"),
      Flag.withDefault(false),
    ),
    json: jsonFlag,
  },
  Effect.fn(function* ({ from, verify, json }) {
    const source = yield* sqliteOf(yield* existingDatabase(Option.some(from), "--from"))
    const target = yield* sqliteOf(yield* configured)
    const file = { ...(yield* withAnchors(target)), path: source.path, limits: source.limits }
    const proven = yield* Effect.catchTag(
      verify ? proveFile(file) : restoreFile(file, target.path),
      "StoreUnsound",
      reportUnsound,
    )
    yield* print(json, { from: source.path, to: verify ? null : target.path, ...proven }, [
      verify
        ? `${source.path} is sound; nothing was written`
        : `${source.path} is restored to ${target.path}`,
      ...summary(proven),
      ...loss(proven),
    ])
  }),
).pipe(
  Command.withDescription(
    "Check a backup and copy it to the place of the store. With --verify: only check it, and write nothing",
  ),
)

/** The store that the settings name. Unlike for other commands, it need not exist. */
const configured = Effect.flatMap(settingsFromEnvironment, (settings) => databaseConfig(settings)).pipe(
  Effect.mapError(({ message }) => unusable(message)),
)

type Sqlite = Extract<Database, { readonly store: "sqlite" }>

const sqliteOf = (database: Database): Effect.Effect<Sqlite, ReturnType<typeof unusable>> =>
  database.store === "sqlite"
    ? Effect.succeed(database)
    : Effect.fail(
        unusable(
          "This command is for an SQLite file. PostgreSQL has its own backups: see docs/backup.md. After a restore, " +
            "`loan-engine journal verify` proves the database. `loan-engine copy` copies a file into PostgreSQL.",
        ),
      )

/** A store with the anchors that the engine has kept of it, and the time after which its loans may rest. */
const withAnchors = Effect.fnUntraced(
  function* ({ path, limits, store }: Sqlite) {
    const { engine } = yield* settingsFromEnvironment
    const file = engine.anchorsFile ?? anchorsFileOf({ path, limits, store })
    const anchors = file === undefined ? [] : yield* anchorsOf(file)
    return { path, limits, anchors, restMs: yield* restMs } satisfies StoreFile
  },
  Effect.mapError(({ message }) => unusable(message)),
)

const summary = ({
  loans,
  rows,
  bytes,
  digest,
  newestCheckpoint,
  unsealed,
}: ProvenFile): ReadonlyArray<string> => [
  `${rows} rows of ${loans} loans, ${bytes} bytes, SHA-256 ${digest}`,
  "Verification and replay find no fault in the file.",
  ...(unsealed.rows === 0
    ? []
    : [`${unsealed.rows} rows after position ${unsealed.afterPosition} are not sealed yet.`]),
  newestCheckpoint === null
    ? "There is no checkpoint yet."
    : `Keep the file's newest checkpoint elsewhere: --anchor ${newestCheckpoint.number}:${newestCheckpoint.hash}`,
]

/** What is lost by a restore. */
function loss({ newerAnchors }: ProvenFile): ReadonlyArray<string> {
  const newest = newerAnchors.at(-1)
  return newest === undefined
    ? ["No anchor is newer than the backup."]
    : [
        `The backup is older than the store, which had checkpoint ${newest.number} of ${newest.sealedAt}. Polls and repeated callbacks ` +
          "bring back what the bank still knows. Readers of the feed get 410 cursor-unknown and read their loans again.",
      ]
}
