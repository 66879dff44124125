import type { SealedRow } from "../journal/checkpoint.ts"
import type {
  CheckpointRow,
  FeedRow,
  JournalStore,
  PlaceByLoan,
  SnapshotRow,
} from "../ports/journal-store.ts"
import type { RowReader } from "./row-reader.ts"
import { makeRowReader } from "./row-reader.ts"

type Store = JournalStore["Service"]

/** How many rows are in memory at once: rows with raw bodies, sealed rows, and checkpoints. */
const bodyPageRowsMax = 250
const sealedPageRowsMax = 2_000
const checkpointPageRowsMax = 10

/** Compares references by their UTF-8 bytes, as the stores do. JavaScript compares them in another way. */
export const byBytes = (one: string, other: string): number =>
  one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other))

const byNumber = (one: number, other: number): number => one - other

const byLoan = (one: PlaceByLoan, other: PlaceByLoan): number =>
  byBytes(one.applicationReference, other.applicationReference) ||
  one.version - other.version ||
  one.position - other.position

/** A number before every row's position. Somebody may have inserted a row before position 1. */
const first = Number.MIN_SAFE_INTEGER

export const readFeed = (store: Store, after: number = first): RowReader<FeedRow> =>
  makeRowReader({
    page: (after) => store.feedRows({ after, limit: bodyPageRowsMax }),
    placeOf: ({ position }) => position,
    compare: byNumber,
    after,
  })

export const readSealable = (store: Store): RowReader<SealedRow> =>
  makeRowReader({
    page: (after) => store.sealable({ after, limit: sealedPageRowsMax }),
    placeOf: ({ position }) => position,
    compare: byNumber,
    after: first,
  })

export const readByLoan = (
  store: Store,
  after: PlaceByLoan = { applicationReference: "", version: first, position: first },
): RowReader<FeedRow> =>
  makeRowReader({
    page: (after) => store.rowsByLoan({ after, limit: bodyPageRowsMax }),
    placeOf: ({ applicationReference, version, position }) => ({ applicationReference, version, position }),
    compare: byLoan,
    after,
  })

export const readSnapshots = (store: Store): RowReader<SnapshotRow> =>
  makeRowReader({
    page: (after) => store.snapshots({ after, limit: bodyPageRowsMax }),
    placeOf: ({ applicationReference }) => applicationReference,
    compare: byBytes,
    after: "",
  })

export const readCheckpoints = (store: Store): RowReader<CheckpointRow> =>
  makeRowReader({
    page: (after) => store.checkpoints({ after, limit: checkpointPageRowsMax }),
    placeOf: ({ number }) => number,
    compare: byNumber,
    after: first,
  })
