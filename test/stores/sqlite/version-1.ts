import { DatabaseSync } from "node:sqlite"
import { migrate } from "@loan-engine/app/store/sqlite/schema"
import { digestOf, hashOf } from "@loan-engine/app/journal/entry"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { account, lifeOf } from "../../engine/journal/lived-store.ts"

/**
 * Writes a file of the schema's first version. It had a column for each member of an entry, and a hash over the
 * canonical text of all columns; the text itself was not stored. This code follows the rules of that version and does
 * not use the present store.
 */
export function writeVersion1(path: string, loans: number): void {
  const database = new DatabaseSync(path)
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
  migrate(database, path, 1)
  database.exec("BEGIN")
  for (let loan = 0; loan < loans; loan++) writeLoan(database, `loan-${loan}`, 1_000 + loan)
  database
    .prepare("INSERT INTO callback_registrations VALUES (?, 'https://bank', 'https://us', 7)")
    .run(account)
  database.exec("COMMIT")
  database.close()
}

/** How many journal rows a file of version 1 with this many loans has. */
export const rowsOfVersion1 = (loans: number): number => loans * lifeOf("A", 1).length

function writeLoan(database: DatabaseSync, name: string, at: number): void {
  const applicationReference = ApplicationReference.make(name)
  let loan = openLoan(applicationReference, account)
  let previousHash = ""
  for (const [receivedAt, said] of lifeOf(name, at)) {
    const { body, ...observed } = said
    const own = AccountName.make(said.account ?? account)
    const decision = observe(loan, { ...observed, applicationReference, account: own, receivedAt })
    const raw = new TextEncoder().encode(body)
    const { source, evidence, events } = said
    const { hold, disposition, steps, news } = decision
    const entry = {
      applicationReference,
      version: decision.loan.version,
      account: own,
      source,
      evidence,
      hold,
      disposition,
      receivedAt,
      recordedAt: receivedAt + 1,
      events,
      steps,
      news,
      digest: digestOf(raw),
      previousHash,
    }
    const hash = hashOf(canonicalJson(entry))
    insertEntry(database, { ...entry, raw, hash })
    previousHash = hash
    loan = decision.loan
  }
  database
    .prepare("INSERT INTO loans VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)")
    .run(applicationReference, loan.account, loan.version, loan.stage, snapshotText(loan), previousHash, at)
}

type Entry = Readonly<Record<string, unknown>> & { readonly raw: Uint8Array }

/** Writes the columns of that version, in their order. Lists are JSON. */
function insertEntry(database: DatabaseSync, entry: Entry): void {
  const columns = [
    "applicationReference",
    "version",
    "account",
    "source",
    "evidence",
    "hold",
    "disposition",
    "receivedAt",
    "recordedAt",
    "events",
    "steps",
    "news",
    "digest",
    "raw",
    "previousHash",
    "hash",
  ]
  const names = columns.map((name) => name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`))
  const values = columns.map((name) =>
    Array.isArray(entry[name]) ? JSON.stringify(entry[name]) : entry[name],
  )
  database
    .prepare(`INSERT INTO journal (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`)
    .run(...(values as ReadonlyArray<string | number | null | Uint8Array>))
}
