import { createHash } from "node:crypto"
import { replay } from "@loan-engine/app/journal/entry"
import type { StoredEntry } from "@loan-engine/app/journal/entry"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Facts } from "@loan-engine/domain/facts"
import { snapshotText } from "@loan-engine/domain/loan"
import type { Delivered, Word } from "../witness.ts"
import type { Finding, Inspected, InspectedLoan } from "./inspected.ts"

/**
 * P6: a replay of each journal gives the stored snapshot, byte for byte, and the hash chain is valid. Every
 * acknowledged callback is in the journal, as an entry or as a counted repetition. If the engine believed it, its
 * content is in the facts. A believed callback with a signature is only one entry, for any number of deliveries.
 */
export function checkReplay(inspected: Inspected): Finding {
  const journals = inspected.loans.map(journalFaults)
  const callbacks = inspected.witness.deliveries().map((delivered) => callbackFaults(delivered, inspected))
  return {
    checked: journals.length + callbacks.length,
    violations: [...journals, ...callbacks].flat(),
  }
}

/** The faults of one loan's journal: in its replay, its chain, its digests or its order. */
export function journalFaults({ stored, entries, bodies }: InspectedLoan): ReadonlyArray<string> {
  const { applicationReference } = stored.loan
  const faults: Array<string> = []
  const replayed = replay(entries)
  if (replayed === undefined || snapshotText(replayed) !== snapshotText(stored.loan)) {
    faults.push("the journal does not fold to the snapshot")
  }
  let previousHash = ""
  let position = 0
  entries.forEach((entry, index) => {
    if (entry.version !== index + 1) faults.push(`entry ${index + 1} has version ${entry.version}`)
    if (entry.position <= position) faults.push(`entry ${entry.version} stands before the one it follows`)
    if (entry.previousHash !== previousHash) faults.push(`entry ${entry.version} is not chained`)
    if (entry.text !== contentOf(entry)) faults.push(`entry ${entry.version} is not in its one form`)
    if (entry.hash !== sha256(entry.text)) faults.push(`entry ${entry.version} does not have its hash`)
    const raw = bodies?.get(entry.version) ?? null
    if (raw !== null && entry.digest !== sha256(raw)) {
      faults.push(`entry ${entry.version} does not have its bytes' digest`)
    }
    previousHash = entry.hash
    position = entry.position
  })
  if (stored.chainHead !== previousHash) faults.push("the snapshot's chain head is not the last entry")
  return faults.map((fault) => `${applicationReference}: ${fault}`)
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex")

function contentOf(entry: StoredEntry): string {
  const { text: _text, hash: _hash, position: _position, repeats: _repeats, ...rest } = entry
  const { lastRepeatedAt: _lastRepeatedAt, ...content } = rest
  return canonicalJson(content)
}

function callbackFaults(delivered: Delivered, { loans }: Inspected): ReadonlyArray<string> {
  const { reference, account, digest, acknowledged, begun, believed } = delivered
  const loan = loans.find(({ stored }) => stored.loan.applicationReference === reference)
  const kept = (loan?.entries ?? []).filter((entry) => entry.digest === digest && entry.account === account)
  const times = kept.reduce((sum, entry) => sum + 1 + entry.repeats, 0)
  const name = `${reference}: callback ${JSON.stringify(believed.map(({ type }) => type))} in account ${account}`
  const proven = kept.filter(({ evidence, hold }) => evidence === "jws" && hold === null)
  return [
    ...(proven.length > 1 ? [`${name} is one signed message and stands in ${proven.length} rows`] : []),
    ...(times < acknowledged
      ? [`${name} was acknowledged ${acknowledged} times and kept ${times} times`]
      : []),
    ...(times > begun ? [`${name} came ${begun} times and was kept ${times} times`] : []),
    ...believed
      .filter((word) => loan === undefined || !holds(loan.stored.loan.facts, word))
      .map((word) => `${name} was believed, but ${word.type} as of ${word.at} is not among the facts`),
  ]
}

const noLater = (fact: number | null, at: number): boolean => fact !== null && fact <= at
const noEarlier = (fact: number | null, at: number): boolean => fact !== null && fact >= at

/** Whether the facts contain this report, or another one that replaces it. */
function holds(facts: Facts, { type, at, content }: Word): boolean {
  switch (type) {
    case "decision.approved":
      return noLater(facts.approvedAt, at)
    case "decision.rejected":
      return noLater(facts.rejectedAt, at)
    case "agreement.signed":
      return noLater(facts.signedAt, at)
    case "loan.paidOut":
      return noLater(facts.paidOutAt, at)
    case "addition.requested":
      return noEarlier(facts.additionRequestedAt, at)
    case "document":
      return (facts.documentsAdded ?? []).some((asked) => asked.type === content && asked.at >= at)
    case "offer": {
      const text = canonicalJson(content ?? null)
      return facts.offers.some((heard) => canonicalJson(heard.offer) === text && heard.at <= at)
    }
    default:
      return true
  }
}
