import { createHash } from "node:crypto"
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { pipeline } from "node:stream/promises"
import { Effect } from "effect"
import type { Verification } from "../audit/verify-journal.ts"
import type { KeptAnchor } from "../journal/anchor.ts"
import { JournalStore } from "../ports/journal-store.ts"
import { StoreUnusable } from "../ports/loan-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { makePrivate } from "../store/sqlite/connection.ts"
import { filesOfStore, holdStoreLock, lockPath } from "../store/sqlite/lock.ts"
import { opening } from "../store/sqlite/open.ts"
import { layerSqlite, sqliteDefaults } from "../store/sqlite/store.ts"
import type { SqliteLimits } from "../store/sqlite/store.ts"
import { judged } from "./judged.ts"
import type { StoreUnsound } from "./judged.ts"

/** An SQLite store, and the anchors that were kept of its checkpoints. */
export interface StoreFile {
  readonly path: string
  readonly limits: SqliteLimits
  /** Oldest first. */
  readonly anchors: ReadonlyArray<KeptAnchor>
  /** After how much silence the engine may have stopped polling a loan. */
  readonly restMs: number
}

/** What a file contains. Verification and replay found nothing in it. */
export interface ProvenFile extends Pick<
  Verification,
  "loans" | "rows" | "checkpoints" | "newestCheckpoint" | "unsealed"
> {
  readonly bytes: number
  /** The file's SHA-256 in hex. */
  readonly digest: string
  /** The anchors that are newer than the file. The file does not contain what was recorded since. */
  readonly newerAnchors: ReadonlyArray<KeptAnchor>
}

type Failure = StoreUnusable | StoreUnavailable | StoreUnsound

/**
 * Writes the store as of this moment into one new file, and proves that file. An engine may use the store meanwhile.
 * The file gets its name only after it is proven and on the disk. Only its owner can read it.
 */
export const backUp = Effect.fn("backUp")((store: StoreFile, file: string) =>
  Effect.andThen(requireAbsent(file, [file]), writeProven(store, file)),
)

/** Proves a backup, and compares it with the anchors of its store. It writes nothing. */
export const proveFile = Effect.fn("proveFile")(function* ({
  path,
  limits,
  anchors,
  restMs,
}: StoreFile): Effect.fn.Return<ProvenFile, Failure> {
  const settings = { path, ...sqliteDefaults, ...limits }
  const store = layerSqlite({ ...settings, readOnly: true, oneMoment: true, migrates: false })
  const [verified, newerAnchors] = yield* Effect.provide(
    Effect.gen(function* () {
      const journal = yield* JournalStore
      const last = (yield* journal.lastCheckpoint)?.number ?? 0
      // A backup lacks the checkpoints that were made after it, which is right. It must contain all earlier ones.
      const [due, newer] = [true, false].map((isDue) =>
        anchors.filter(({ number }) => number <= last === isDue),
      )
      return [yield* judged("The file", restMs, due), newer ?? []] as const
    }),
    store,
  )
  const { loans, rows, checkpoints, newestCheckpoint, unsealed } = verified
  const digest = yield* Effect.orDie(Effect.tryPromise(() => digestOf(path)))
  const { size: bytes } = statSync(path)
  return { loans, rows, checkpoints, newestCheckpoint, unsealed, bytes, digest, newerAnchors }
})

/**
 * Copies a backup to the place of the store, and proves the copy. It refuses if any file of the store is still there.
 * That file may be evidence. Also, SQLite would read an old log as a part of the backup.
 */
export const restore = Effect.fn("restore")(function* (
  backup: StoreFile,
  path: string,
): Effect.fn.Return<ProvenFile, Failure> {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      yield* holdStoreLock(path)
      yield* requireAbsent(
        path,
        filesOfStore(path).filter((file) => file !== lockPath(path)),
      )
      return yield* writeProven(backup, path)
    }),
  )
})

const requireAbsent = (place: string, files: ReadonlyArray<string>): Effect.Effect<void, StoreUnusable> =>
  Effect.suspend(() => {
    const there = files.filter((file) => existsSync(file))
    return there.length === 0 ? Effect.void : taken(place, there)
  })

const taken = (place: string, files: ReadonlyArray<string>): StoreUnusable =>
  new StoreUnusable({
    message: `${files.join(", ")} exists already, so nothing was written to ${place}. Move it away, or name another file.`,
  })

const writeProven = (store: StoreFile, file: string): Effect.Effect<ProvenFile, Failure> => {
  const partial = `${file}.partial`
  return Effect.acquireUseRelease(
    // A killed process may have left a partial file. Nobody uses it.
    Effect.sync(() => rmSync(partial, { force: true })),
    () =>
      Effect.gen(function* () {
        yield* opening(store.path, () => writeFile(store.path, partial))
        const proven = yield* proveFile({ ...store, path: partial })
        yield* opening(file, () => publish(partial, file))
        return proven
      }),
    () => Effect.sync(() => rmSync(partial, { force: true })),
  )
}

/** Writes everything as of one moment into one file without a log. */
function writeFile(from: string, to: string): void {
  makePrivate(to)
  const database = new DatabaseSync(from, { readOnly: true })
  try {
    database.prepare("VACUUM INTO ?").run(to)
  } finally {
    database.close()
  }
}

/** Gives the file its name after its content is on the disk. A file that got this name meanwhile is kept. */
function publish(partial: string, file: string): void {
  sync(partial)
  try {
    linkSync(partial, file)
    rmSync(partial)
  } catch {
    if (existsSync(file)) throw taken(file, [file])
    // Some file systems have no second names for a file.
    renameSync(partial, file)
  }
  sync(dirname(file))
}

function sync(path: string): void {
  const descriptor = openSync(path, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256")
  await pipeline(createReadStream(path), hash)
  return hash.digest("hex")
}
