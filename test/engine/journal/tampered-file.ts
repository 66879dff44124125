import { DatabaseSync } from "node:sqlite"
import type { SQLInputValue } from "node:sqlite"
import { checkpointHash, merkleRoot } from "@loan-engine/app/journal/checkpoint"
import type { SealedRow } from "@loan-engine/app/journal/checkpoint"
import { hashOf } from "@loan-engine/app/journal/entry"
import { canonicalJson } from "@loan-engine/domain/canonical-json"

export interface JournalRow {
  readonly position: number
  readonly application_reference: string
  readonly version: number
  readonly content: string
  readonly hash: string
  readonly raw: Uint8Array | null
  readonly repeats: number
}

export interface StoredCheckpoint {
  readonly number: number
  readonly position: number
  readonly sealed_at: number
  readonly root: string
  readonly previous_hash: string
  readonly hash: string
  readonly rows: string
}

type Content = { [member: string]: unknown }

/** A store's file, and changes that an attacker with write access could make to it. */
export class TamperedFile {
  readonly database: DatabaseSync
  constructor(path: string) {
    this.database = new DatabaseSync(path)
  }

  run(sql: string, ...parameters: ReadonlyArray<SQLInputValue>): void {
    this.database.prepare(sql).run(...parameters)
  }

  rows(where = "1"): ReadonlyArray<JournalRow> {
    return this.database
      .prepare(`SELECT * FROM journal WHERE ${where} ORDER BY position`)
      .all() as unknown as ReadonlyArray<JournalRow>
  }

  checkpoints(): ReadonlyArray<StoredCheckpoint> {
    return this.database
      .prepare("SELECT * FROM checkpoints ORDER BY number")
      .all() as unknown as ReadonlyArray<StoredCheckpoint>
  }

  /** Writes another text together with its correct hash, as an expert would. */
  retext({ position }: JournalRow, text: string): void {
    this.run("UPDATE journal SET content = ?, hash = ? WHERE position = ?", text, hashOf(text), position)
  }

  /** Edits a row's content and updates its hash. */
  edit(row: JournalRow, edit: (content: Content) => Content): void {
    const content = edit(JSON.parse(row.content) as Content)
    this.retext(row, canonicalJson(content as Parameters<typeof canonicalJson>[0]))
  }

  /** Links all rows of a loan again, and its snapshot to the last row. */
  rechain(reference: string): void {
    let previousHash = ""
    const quoted = `application_reference = '${reference}'`
    for (const row of this.rows(quoted)) {
      this.edit(row, (content) => ({ ...content, previousHash }))
      previousHash = this.rows(`position = ${row.position}`)[0]?.hash ?? ""
    }
    this.run("UPDATE loans SET chain_head = ? WHERE application_reference = ?", previousHash, reference)
  }

  /** Exchanges the positions of two rows in the feed. */
  swap(one: JournalRow, other: JournalRow): void {
    this.move(one, -1)
    this.move(other, one.position)
    this.run("UPDATE journal SET position = ? WHERE position = -1", other.position)
  }

  move({ position }: JournalRow, to: number): void {
    this.run("UPDATE journal SET position = ? WHERE position = ?", to, position)
  }

  /** Edits a checkpoint and updates its hash. */
  recheckpoint(checkpoint: StoredCheckpoint, edit: Partial<StoredCheckpoint>): void {
    const edited = { ...checkpoint, ...edit }
    const hash = checkpointHash({
      number: edited.number,
      position: edited.position,
      sealedAt: edited.sealed_at,
      root: edited.root,
      previousHash: edited.previous_hash,
    })
    this.run("DELETE FROM checkpoints WHERE number = ?", checkpoint.number)
    const { number, position, sealed_at, root, previous_hash, rows } = edited
    this.run(
      "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)",
      number,
      position,
      sealed_at,
      root,
      previous_hash,
      hash,
      rows,
    )
  }

  /** Makes every checkpoint again for the current rows. An attacker who rewrites the whole file would do this. */
  resealAll(): void {
    let previous_hash = ""
    let after = Number.MIN_SAFE_INTEGER
    for (const checkpoint of this.checkpoints()) {
      const rows = this.rows(`position > ${after} AND position <= ${checkpoint.position}`).map(
        (row): SealedRow => ({
          position: row.position,
          applicationReference: row.application_reference,
          version: row.version,
          hash: row.hash,
        }),
      )
      const sealed = {
        previous_hash,
        root: merkleRoot(rows),
        rows: canonicalJson(rows.map((row) => ({ ...row }))),
      }
      const position = rows.at(-1)?.position ?? checkpoint.position
      this.recheckpoint(checkpoint, { ...sealed, position })
      previous_hash = this.checkpoints().find(({ number }) => number === checkpoint.number)?.hash ?? ""
      after = checkpoint.position
    }
  }
}
