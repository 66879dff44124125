import fc from "fast-check"

/**
 * All columns that are evidence. The counters of repeated callbacks and the poll schedule are not evidence, as
 * docs/journal.md explains.
 */
const evidence = {
  journal: ["position", "application_reference", "version", "content", "raw", "hash"],
  loans: ["application_reference", "account", "version", "stage", "snapshot", "chain_head"],
  checkpoints: ["number", "position", "sealed_at", "root", "previous_hash", "hash", "rows"],
} as const
type Table = keyof typeof evidence

export interface Alteration {
  readonly table: Table
  readonly column: string
  readonly row: number
  readonly offset: number
  readonly by: number
}

export const alterations: fc.Arbitrary<Alteration> = fc
  .constantFrom(...(Object.keys(evidence) as ReadonlyArray<Table>))
  .chain((table) =>
    fc.record({
      table: fc.constant(table),
      column: fc.constantFrom(...evidence[table]),
      row: fc.nat(),
      offset: fc.nat(),
      by: fc.integer({ min: 1, max: 127 }),
    }),
  )

export type Value = string | number | Uint8Array | null

/** The same value with one different byte or number. `undefined` if there is nothing to change. */
export function altered(value: Value, { offset, by }: Alteration): Value | undefined {
  if (value === null || value === "") return undefined
  if (typeof value === "number") return value + by * 1_000
  if (typeof value !== "string") {
    return value.map((byte, index) => (index === offset % value.length ? byte ^ by : byte))
  }
  const index = offset % value.length
  const character = String.fromCodePoint(33 + ((value.charCodeAt(index) + by) % 90))
  const text = value.slice(0, index) + character + value.slice(index + 1)
  return text === value ? undefined : text
}

/** The key column of each table. */
export const keys = { journal: "position", loans: "application_reference", checkpoints: "number" } as const
