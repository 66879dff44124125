import { expect } from "vitest"
import type { Finding } from "@loan-engine/app/audit/finding"
import type { JournalRow, StoredCheckpoint, TamperedFile } from "./tampered-file.ts"

/** The rows and checkpoints that a tampering changes. */
export interface Victims {
  readonly file: TamperedFile
  /** Two different sealed rows. Neither is the last row of its loan. */
  readonly row: JournalRow
  readonly other: JournalRow
  /** A checkpoint that is neither the first nor the last, the checkpoint after it, and the last checkpoint. */
  readonly checkpoint: StoredCheckpoint
  readonly next: StoredCheckpoint
  readonly last: StoredCheckpoint
}

/** A finding that must be among the findings. Members that are not given may have any value. */
type Expected = Partial<Finding> & Pick<Finding, "code">

/** A change that somebody could make to a store's file. */
export interface Tampering {
  readonly name: string
  /** Changes the file, and gives the finding that must follow. */
  readonly tamper: (victims: Victims) => Expected
  /** Whether only a replay can find the change. Otherwise a verification finds it. */
  readonly byReplay?: true
}

const at = (code: Finding["code"], row: JournalRow, more: Partial<Finding> = {}): Expected => ({
  code,
  applicationReference: row.application_reference,
  version: row.version,
  position: row.position,
  ...more,
})
const on = (code: Finding["code"], { number }: StoredCheckpoint): Expected => ({ code, checkpoint: number })
const of = (code: Finding["code"], { application_reference }: JournalRow): Expected => ({
  code,
  applicationReference: application_reference,
})

const set =
  (column: string, value: (row: JournalRow) => string | number | Uint8Array | null) => (victims: Victims) => {
    const { file, row } = victims
    file.run(`UPDATE journal SET ${column} = ? WHERE position = ?`, value(row), row.position)
  }
const setLoan =
  (column: string, sql: string) =>
  ({ file, row }: Victims) =>
    file.run(`UPDATE loans SET ${column} = ${sql} WHERE application_reference = ?`, row.application_reference)

const tampering = (
  name: string,
  act: (victims: Victims) => void,
  expected: (victims: Victims) => Expected,
): Tampering => ({
  name,
  tamper: (victims) => {
    act(victims)
    return expected(victims)
  },
})

const lastOf = ({ file, row }: Victims): JournalRow => {
  const last = file.rows(`application_reference = '${row.application_reference}'`).at(-1)
  if (last === undefined) throw new Error("the loan has rows")
  return last
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))

const rowTamperings: ReadonlyArray<Tampering> = [
  tampering(
    "alter a row's text",
    set("content", ({ content }) => content.replace('"version":', '"version":1')),
    ({ row }) => at("hash-mismatch", row),
  ),
  tampering(
    "alter a row's hash",
    set("hash", ({ hash }) => hash.replace(/^./u, "z")),
    ({ row }) => at("hash-mismatch", row),
  ),
  tampering(
    "give a row to another loan",
    set("application_reference", () => "another"),
    ({ row }) => at("column-mismatch", row, { applicationReference: "another" }),
  ),
  tampering(
    "give a row another version",
    set("version", ({ version }) => version + 1_000),
    ({ row }) => at("column-mismatch", row, { version: row.version + 1_000 }),
  ),
  tampering(
    "alter a raw body",
    ({ file, row }) =>
      file.run(
        "UPDATE journal SET raw = ? WHERE position = ?",
        flipped(row.raw ?? Buffer.of(1)),
        row.position,
      ),
    ({ row }) => at("digest-mismatch", row),
  ),
  tampering(
    "erase a raw body without a record",
    set("raw", () => null),
    ({ row }) => at("erased-unrecorded", row),
  ),
  tampering(
    "count a re-delivery that has no date",
    set("repeats", () => 3),
    ({ row }) => at("repeats-impossible", row),
  ),
  tampering(
    "remove a row",
    ({ file, row }) => file.run("DELETE FROM journal WHERE position = ?", row.position),
    ({ row }) => at("row-missing", row),
  ),
  tampering(
    "remove a row, and see that the version is missing",
    ({ file, row }) => file.run("DELETE FROM journal WHERE position = ?", row.position),
    ({ row }) => ({
      code: "missing-version",
      applicationReference: row.application_reference,
      version: row.version + 1,
    }),
  ),
  {
    name: "remove a loan's last row",
    tamper: (victims) => {
      const last = lastOf(victims)
      victims.file.run("DELETE FROM journal WHERE position = ?", last.position)
      return of("snapshot-version", last)
    },
  },
  tampering(
    "remove a whole loan with its snapshot",
    ({ file, row }) => {
      file.run("DELETE FROM journal WHERE application_reference = ?", row.application_reference)
      file.run("DELETE FROM loans WHERE application_reference = ?", row.application_reference)
    },
    ({ row }) => of("loan-vanished", row),
  ),
  tampering(
    "swap two rows",
    ({ file, row, other }) => file.swap(row, other),
    ({ row }) => at("row-replaced", row),
  ),
  {
    name: "swap two rows of one loan",
    tamper: (victims) => {
      const last = lastOf(victims)
      victims.file.swap(victims.row, last)
      return at("out-of-order", last, { position: victims.row.position })
    },
  },
  tampering(
    "renumber a row to the end",
    ({ file, row }) => file.move(row, 1_000_000),
    ({ row }) => at("row-missing", row),
  ),
  tampering(
    "renumber a row to the front",
    ({ file, row }) => file.move(row, -5),
    ({ row }) => at("row-unsealed", row, { position: -5 }),
  ),
  tampering(
    "renumber a row to where no position is",
    ({ file, row }) => file.move(row, -7),
    ({ row }) => at("position-impossible", row, { position: -7 }),
  ),
  tampering(
    "rewrite a row and chain all that follows again",
    ({ file, row }) => {
      file.edit(row, (content) => ({ ...content, recordedAt: 5 }))
      file.rechain(row.application_reference)
    },
    ({ row }) => at("row-replaced", row),
  ),
  tampering(
    "rewrite a row and hash it, but not what follows",
    ({ file, row }) => file.edit(row, (content) => ({ ...content, recordedAt: 5 })),
    ({ row }) => of("broken-chain", row),
  ),
  tampering(
    "write a text in another form and hash it",
    ({ file, row }) => file.retext(row, row.content.replace("{", "{ ")),
    ({ row }) => at("not-canonical", row),
  ),
  tampering(
    "write a text that is no entry and hash it",
    ({ file, row }) => file.retext(row, "{}"),
    ({ row }) => at("undecodable", row),
  ),
  tampering(
    "write a step that no table has",
    ({ file, row }) =>
      file.edit(row, (content) => ({
        ...content,
        steps: [{ from: "submitted", to: "paidOut", inferred: false }],
      })),
    ({ row }) => at("illegal-step", row),
  ),
  tampering(
    "insert a forged row of an own loan",
    ({ file, row }) =>
      file.run(
        "INSERT INTO journal VALUES (100000, 'forged', 1, ?, x'00', ?, 0, NULL)",
        row.content,
        row.hash,
      ),
    () => ({ code: "journal-without-loan", applicationReference: "forged", version: 1, position: 100_000 }),
  ),
  tampering(
    "insert a second row of a version, where no index forbids it",
    ({ file, row }) => {
      file.database.exec(
        "CREATE TABLE copied AS SELECT * FROM journal; DROP TABLE journal; ALTER TABLE copied RENAME TO journal",
      )
      file.run(
        "INSERT INTO journal SELECT 100000, application_reference, version, content, raw, hash, repeats, last_repeated_at FROM journal WHERE position = ?",
        row.position,
      )
    },
    ({ row }) => at("forked-version", row, { position: 100_000 }),
  ),
  tampering(
    "write a reference that does not sort as it reads",
    ({ file, row }) =>
      file.database.exec(
        `UPDATE journal SET application_reference = CAST(x'ff' AS TEXT) WHERE position = ${row.position}`,
      ),
    () => ({ code: "order-unreadable" }),
  ),
  tampering(
    "hide rows from readers by loan",
    ({ file, row }) =>
      file.database.exec(
        `UPDATE journal SET application_reference = CAST(x'ff' AS TEXT) WHERE position = ${row.position}`,
      ),
    () => ({ code: "feed-disagrees" }),
  ),
  tampering(
    "add a trigger",
    ({ file }) =>
      file.database.exec(
        "CREATE TRIGGER quiet AFTER INSERT ON journal BEGIN DELETE FROM journal WHERE position < 0; END",
      ),
    () => ({ code: "store-damaged" }),
  ),
  tampering(
    "add an index that allows no duplicates",
    ({ file }) => file.database.exec("CREATE UNIQUE INDEX one_only ON signing_accounts ((1))"),
    () => ({ code: "store-damaged" }),
  ),
]

const loanTamperings: ReadonlyArray<Tampering> = [
  tampering(
    "remove a snapshot",
    ({ file, row }) =>
      file.run("DELETE FROM loans WHERE application_reference = ?", row.application_reference),
    ({ row }) => of("journal-without-loan", row),
  ),
  tampering(
    "insert a loan that nothing was ever said of",
    ({ file, row }) =>
      file.run(
        "INSERT INTO loans SELECT 'invented', account, version, stage, snapshot, chain_head, NULL, 0, 0, 0, NULL, NULL, 0 FROM loans WHERE application_reference = ?",
        row.application_reference,
      ),
    () => ({ code: "loan-without-journal", applicationReference: "invented" }),
  ),
  tampering("alter what the merchant calls a loan", setLoan("external_reference", "'other'"), ({ row }) =>
    of("snapshot-columns", row),
  ),
  tampering("hide a loan among the closed", setLoan("closed", "1"), ({ row }) => of("snapshot-columns", row)),
  tampering("alter a snapshot's account", setLoan("account", "'no'"), ({ row }) =>
    of("snapshot-columns", row),
  ),
  tampering("alter a snapshot's stage", setLoan("stage", "'rejected'"), ({ row }) =>
    of("snapshot-columns", row),
  ),
  tampering("alter a snapshot's version", setLoan("version", "version - 1"), ({ row }) =>
    of("snapshot-version", row),
  ),
  tampering("alter a snapshot's head", setLoan("chain_head", "'00'"), ({ row }) => of("snapshot-head", row)),
  tampering("write a snapshot in another form", setLoan("snapshot", "snapshot || ' '"), ({ row }) =>
    of("snapshot-undecodable", row),
  ),
  tampering(
    "move a loan to another stage, in text and column",
    setLoan(
      "(stage, snapshot)",
      '(\'rejected\', replace(snapshot, \'"stage":"paidOut"\', \'"stage":"rejected"\'))',
    ),
    ({ row }) => of("snapshot-stage", row),
  ),
  tampering(
    "alter an amount that the API serves",
    setLoan("snapshot", "replace(snapshot, '\"50000\"', '\"90000\"')"),
    ({ row }) => of("replay-snapshot", row),
  ),
  tampering(
    "alter an amount, and hide it behind another finding on the same loan",
    (victims) => {
      setLoan("snapshot", "replace(snapshot, '\"50000\"', '\"90000\"')")(victims)
      set("repeats", () => 3)(victims)
    },
    ({ row }) => of("replay-snapshot", row),
  ),
  tampering(
    "alter a fact of a snapshot",
    setLoan("snapshot", "replace(snapshot, '\"signedAt\":', '\"signedAt\":1')"),
    ({ row }) => of("replay-snapshot", row),
  ),
  tampering(
    "alter what a row did, and chain and seal everything again",
    ({ file, row }) => {
      file.edit(row, (content) => ({ ...content, news: ["payOut", "payOut"] }))
      file.rechain(row.application_reference)
      file.resealAll()
    },
    ({ row }) => at("replay-decision", row),
  ),
  tampering(
    "let a loan that is on its way rest for ever",
    ({ file }) => file.run("UPDATE loans SET next_poll_at = NULL WHERE application_reference = 'tail-0'"),
    () => ({ code: "schedule-lost", applicationReference: "tail-0" }),
  ),
  {
    ...tampering(
      "write a text that is no entry",
      ({ file, row }) => file.retext(row, "[]"),
      ({ row }) => at("replay-undecodable", row),
    ),
    byReplay: true,
  },
]

const upkeepTamperings: ReadonlyArray<Tampering> = [
  tampering(
    "move a webhook endpoint beyond the feed, so that it receives nothing",
    ({ file }) => file.run("INSERT INTO webhook_endpoints (name, position) VALUES ('crm', 1000000)"),
    () => ({ code: "place-impossible", message: expect.stringContaining("webhooks crm") }),
  ),
  tampering(
    "forget how far callbacks are counted",
    ({ file }) => file.run("DELETE FROM cursors"),
    () => ({ code: "place-impossible", message: expect.stringContaining("lost its position") }),
  ),
  tampering(
    "count callbacks a second time",
    ({ file }) => file.run("UPDATE cursors SET position = 3"),
    () => ({ code: "counts-differ" }),
  ),
  tampering(
    "wipe the counts of callbacks",
    ({ file }) => file.run("DELETE FROM callback_days"),
    () => ({ code: "counts-differ" }),
  ),
  tampering(
    "hide that callbacks were missed",
    ({ file }) => file.run("UPDATE callback_days SET by_poll = 0"),
    () => ({ code: "counts-differ" }),
  ),
]

const checkpointTamperings: ReadonlyArray<Tampering> = [
  tampering(
    "remove a checkpoint",
    ({ file, checkpoint }) => file.run("DELETE FROM checkpoints WHERE number = ?", checkpoint.number),
    ({ next }) => on("checkpoint-missing", next),
  ),
  tampering(
    "remove the last checkpoint",
    ({ file, last }) => file.run("DELETE FROM checkpoints WHERE number = ?", last.number),
    ({ last }) => on("anchor-missing", last),
  ),
  tampering(
    "exchange two checkpoints",
    ({ file, checkpoint, next }) => {
      file.run("UPDATE checkpoints SET number = -1 WHERE number = ?", checkpoint.number)
      file.run("UPDATE checkpoints SET number = ? WHERE number = ?", checkpoint.number, next.number)
      file.run("UPDATE checkpoints SET number = ? WHERE number = -1", next.number)
    },
    ({ checkpoint }) => on("checkpoint-hash", checkpoint),
  ),
  tampering(
    "redate a checkpoint",
    ({ file, checkpoint }) =>
      file.run("UPDATE checkpoints SET sealed_at = sealed_at + 1 WHERE number = ?", checkpoint.number),
    ({ checkpoint }) => on("checkpoint-hash", checkpoint),
  ),
  tampering(
    "redate a checkpoint and hash it",
    ({ file, checkpoint }) => file.recheckpoint(checkpoint, { sealed_at: 1 }),
    ({ next }) => on("checkpoint-chain", next),
  ),
  tampering(
    "alter a checkpoint's root and hash it",
    ({ file, checkpoint }) => file.recheckpoint(checkpoint, { root: "00" }),
    ({ checkpoint }) => on("checkpoint-root", checkpoint),
  ),
  tampering(
    "alter where a checkpoint ends and hash it",
    ({ file, checkpoint }) => file.recheckpoint(checkpoint, { position: checkpoint.position - 1 }),
    ({ checkpoint }) => on("checkpoint-position", checkpoint),
  ),
  tampering(
    "alter a checkpoint's list",
    ({ file, checkpoint }) =>
      file.run(
        "UPDATE checkpoints SET rows = replace(rows, '\"version\":', '\"version\":1') WHERE number = ?",
        checkpoint.number,
      ),
    ({ checkpoint }) => on("checkpoint-list", checkpoint),
  ),
  tampering(
    "remove a loan and make every checkpoint again",
    ({ file, row }) => {
      file.run("DELETE FROM journal WHERE application_reference = ?", row.application_reference)
      file.run("DELETE FROM loans WHERE application_reference = ?", row.application_reference)
      file.resealAll()
    },
    ({ last }) => on("anchor-mismatch", last),
  ),
  tampering(
    "remove a loan from the tail that is not sealed yet",
    ({ file }) => {
      file.run("DELETE FROM journal WHERE application_reference = 'tail-1'")
      file.run("DELETE FROM loans WHERE application_reference = 'tail-1'")
    },
    ({ last }) => ({ code: "feed-gap", position: last.position + 5 }),
  ),
]

export const tamperings: ReadonlyArray<Tampering> = [
  ...rowTamperings,
  ...loanTamperings,
  ...checkpointTamperings,
  ...upkeepTamperings,
]
