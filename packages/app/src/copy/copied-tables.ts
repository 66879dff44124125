import { createHash } from "node:crypto"
import { Schema } from "effect"
import { EntryContent } from "../journal/entry.ts"

/** The type of a column, the same for both stores. */
type Kind = "text" | "whole" | "flag" | "bytes"
type Value = string | number | boolean | Uint8Array | null

/** A row's values, in the order of its table's columns. */
export type CopiedRow = ReadonlyArray<Value>

/** A table that both stores have, and the columns that are copied. */
export interface CopiedTable {
  readonly name: string
  readonly columns: ReadonlyArray<readonly [name: string, kind: Kind]>
  /** The columns that order its rows. Texts are ordered by their bytes. */
  readonly key: ReadonlyArray<string>
  /** Columns that only PostgreSQL has. Their values are taken from the row's text. */
  readonly told?: { readonly columns: ReadonlyArray<string>; readonly of: (row: CopiedRow) => CopiedRow }
}

const decodeTold = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      account: EntryContent.fields.account,
      source: EntryContent.fields.source,
      evidence: EntryContent.fields.evidence,
      digest: EntryContent.fields.digest,
    }),
  ),
)

const journal: CopiedTable = {
  name: "journal",
  columns: [
    ["position", "whole"],
    ["application_reference", "text"],
    ["version", "whole"],
    ["content", "text"],
    ["raw", "bytes"],
    ["hash", "text"],
    ["repeats", "whole"],
    ["last_repeated_at", "whole"],
  ],
  key: ["position"],
  told: {
    columns: ["account", "source", "evidence", "digest"],
    of: (row) => {
      const { account, source, evidence, digest } = decodeTold(row[3])
      return [account, source, evidence, digest]
    },
  },
}

/** All tables of a store, in the order in which they are copied. */
export const copiedTables: ReadonlyArray<CopiedTable> = [
  {
    name: "loans",
    columns: [
      ["application_reference", "text"],
      ["account", "text"],
      ["version", "whole"],
      ["stage", "text"],
      ["snapshot", "text"],
      ["chain_head", "text"],
      ["next_poll_at", "whole"],
      ["poll_attempts", "whole"],
      ["poll_confirm", "flag"],
      ["stalled", "flag"],
      ["external_reference", "text"],
      ["watermark", "text"],
      ["closed", "flag"],
    ],
    key: ["application_reference"],
  },
  journal,
  {
    name: "checkpoints",
    columns: [
      ["number", "whole"],
      ["position", "whole"],
      ["sealed_at", "whole"],
      ["root", "text"],
      ["previous_hash", "text"],
      ["hash", "text"],
      ["rows", "text"],
    ],
    key: ["number"],
  },
  {
    name: "callback_registrations",
    columns: [
      ["account", "text"],
      ["bank_url", "text"],
      ["callback_url", "text"],
      ["registered_at", "whole"],
    ],
    key: ["account", "bank_url"],
  },
  {
    name: "callback_intents",
    columns: [
      ["account", "text"],
      ["bank_url", "text"],
      ["callback_url", "text"],
      ["asked_at", "whole"],
    ],
    key: ["account", "bank_url"],
  },
  {
    name: "signing_accounts",
    columns: [
      ["account", "text"],
      ["since", "whole"],
    ],
    key: ["account"],
  },
  {
    name: "callback_days",
    columns: [
      ["account", "text"],
      ["day", "whole"],
      ["by_callback", "whole"],
      ["by_poll", "whole"],
      ["late", "whole"],
      ["forged", "whole"],
      ["unauthorized", "whole"],
      ["last_callback_at", "whole"],
    ],
    key: ["account", "day"],
  },
  {
    name: "cursors",
    columns: [
      ["name", "text"],
      ["position", "whole"],
    ],
    key: ["name"],
  },
  {
    name: "webhook_endpoints",
    columns: [
      ["name", "text"],
      ["position", "whole"],
      ["disabled_at", "whole"],
      ["disabled_why", "text"],
      ["lease_owner", "text"],
    ],
    key: ["name"],
  },
  {
    name: "webhook_parked",
    columns: [
      ["endpoint", "text"],
      ["application_reference", "text"],
      ["position", "whole"],
      ["attempts", "whole"],
      ["due_at", "whole"],
    ],
    key: ["endpoint", "application_reference"],
  },
]

/** How many rows are in memory at once, with their raw bodies. */
export const copiedPageRowsMax = 250

/**
 * Converts a row, as the driver of SQLite or of PostgreSQL returns it, to a {@link CopiedRow}. It throws if the row does
 * not have the table's columns.
 */
export const copiedRow =
  ({ columns }: CopiedTable) =>
  (row: { readonly [column: string]: unknown }): CopiedRow =>
    columns.map(([name, kind]) => valueOf(kind, row[name]))

function valueOf(kind: Kind, value: unknown): Value {
  if (value === null) return null
  if (kind === "text" && typeof value === "string") return value
  if (kind === "bytes" && value instanceof Uint8Array) return value
  if (kind === "flag" && typeof value === "boolean") return value
  const number = typeof value === "bigint" ? Number(value) : value
  if (kind === "flag" && (number === 0 || number === 1)) return number === 1
  if (kind === "whole" && typeof number === "number" && Number.isSafeInteger(number)) return number
  throw new TypeError(`a column that should hold ${kind} does not`)
}

/** A row's key. The next page begins after this key. */
export const keyOf = ({ columns, key }: CopiedTable, row: CopiedRow): ReadonlyArray<string | number> =>
  key.map((name) => {
    const value = row[columns.findIndex(([column]) => column === name)]
    if (typeof value === "string" || typeof value === "number") return value
    throw new TypeError(`the key ${name} is neither text nor a number`)
  })

/** The number of a table's rows, and the SHA-256 of all rows in the order of their keys, in hex. */
export interface TableDigest {
  readonly rows: number
  readonly digest: string
}

export function makeTableDigest() {
  const hash = createHash("sha256")
  let rows = 0
  return {
    add: (row: CopiedRow): void => {
      const values = row.map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
      )
      hash.update(`${JSON.stringify(values)}\n`)
      rows++
    },
    taken: (): TableDigest => ({ rows, digest: hash.digest("hex") }),
  }
}
