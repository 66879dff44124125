import { Effect } from "effect"
import { Command } from "effect/cli"
import { entryJson } from "../../views/loan-json.ts"
import type { Reversal } from "@loan-engine/domain/reversal"
import { reversalAmong } from "../../views/reversals.ts"
import { LoanEngine } from "../../record/engine.ts"
import type { StoredEntry } from "../../journal/entry.ts"
import { knownLoan } from "../../record/known-loan.ts"
import { reference } from "./argument.ts"
import { readingEngine } from "../open-store.ts"
import { iso, jsonFlag, print, table } from "../output.ts"

/** `loan-engine history <reference>`: shows why the loan is in its stage. */
export const history = Command.make(
  "history",
  { reference, json: jsonFlag },
  Effect.fn(function* (options) {
    const engine = yield* LoanEngine
    const { loan } = yield* knownLoan(options.reference)
    const entries = yield* engine.history(loan.applicationReference)
    yield* print(
      options.json,
      entries.map((entry) => entryJson(entry, reversalAmong(entries, entry))),
      [
        ...table(
          ["version", "received", "source", "evidence", "did", "said", "steps"],
          entries.map((entry) => entryRow(entry, reversalAmong(entries, entry))),
        ),
        "",
        `${loan.applicationReference} is ${loan.stage}: ${whyThere(entries)}`,
      ],
    )
  }, Effect.provide(readingEngine)),
).pipe(Command.withDescription("Show why a loan is at its stage: each step, what caused it, and who said it"))

const entryRow = (entry: StoredEntry, reversal: Reversal | null): ReadonlyArray<string> => [
  String(entry.version),
  iso(entry.receivedAt),
  entry.source,
  entry.evidence,
  [didWhat(entry), reversal, entry.closure].filter((told) => told !== null && told !== undefined).join(": "),
  saidWhat(entry),
  entry.steps.map(({ from, to, inferred }) => `${from} -> ${to}${inferred ? " (inferred)" : ""}`).join(", "),
]

function saidWhat({ events, requestedSigningMethod }: StoredEntry): string {
  const wish = requestedSigningMethod === undefined ? [] : [`to be signed by ${requestedSigningMethod}`]
  return [...events.map(({ type }) => type), ...wish].join(", ") || "-"
}

function didWhat({ disposition, hold, repeats, leftOut = [] }: StoredEntry): string {
  const why = hold === null ? "" : `: ${hold}`
  const again = repeats === 0 ? "" : `, heard ${repeats + 1} times`
  const unread = leftOut.length === 0 ? "" : `, left out: ${leftOut.join(", ")}`
  return `${disposition}${why}${again}${unread}`
}

/** The loan's last step, and what caused it. */
function whyThere(entries: ReadonlyArray<StoredEntry>): string {
  const led = entries.findLast(({ steps }) => steps.length > 0)
  const step = led?.steps.at(-1)
  if (led === undefined || step === undefined) return "nothing trusted has moved it yet"
  const said = led.events.map(({ type }) => type).join(" and ")
  const inferred = step.inferred ? ", which implies it" : ""
  const ruled = led.events.find((event) => event.type === "dispute.ruled")
  const reason = ruled === undefined ? "" : ` by ${JSON.stringify(ruled.by)}: ${JSON.stringify(ruled.reason)}`
  const through = led.through === undefined ? "" : `, through ${JSON.stringify(led.through)}`
  return `${led.source} (${led.evidence}) said ${said}${inferred} at ${iso(led.receivedAt)}${reason}${through}`
}
