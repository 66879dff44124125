import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stages } from "@loan-engine/domain/legal-transitions"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import { Clock, Console, Effect, Fiber, Option, Schema } from "effect"
import type { Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { sqlitePath } from "../../config/sqlite-path.ts"
import { consoleLink, localKey, openInBrowser } from "./console-link.ts"
import { watchLauncher } from "./launcher.ts"
import { unusable } from "../exit-codes.ts"
import { chaosLevels } from "../../sandbox/chaos.ts"
import type { Demo } from "../../sandbox/demo.ts"
import { differences } from "../../sandbox/judge.ts"
import type { Belief } from "../../sandbox/judge.ts"
import { playBankPage } from "../../sandbox/bank-page-play.ts"
import { mainAccount, makeDemo } from "../../sandbox/demo.ts"
import { auditRun } from "../../sandbox/audit-run.ts"
import type { Audit } from "../../sandbox/audit-run.ts"
import { truth } from "../../sandbox/sandbox-bank.ts"
import type { StoredLoan } from "../../ports/loan-store.ts"

/** The run failed. Its output says why. */
export class RunFailed extends Schema.TaggedError<RunFailed>()("RunFailed", { message: Schema.String }) {}

/** After the bank's last event, the run gives up if no further loan reaches the bank's state for this long. */
const settleMsMax = 60_000
const applicationsAtOnce = 16
const pictureEveryMs = 1_000

const flags = {
  once: Flag.Boolean("once").pipe(
    Flag.withDescription("Run the loans to the end of their lives, print a JSON summary, and exit"),
    Flag.withDefault(false),
  ),
  loans: Flag.Int("loans").pipe(
    Flag.withDescription("How many loans to run (with --once), or how many are open at the same time"),
    Flag.withDefault(100),
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDescription("With the same seed, the loans have the same lives and the same callback faults"),
    Flag.withDefault("1"),
  ),
  chaos: Flag.Literals("chaos", chaosLevels).pipe(
    Flag.withDescription("How unreliable the callbacks are"),
    Flag.withDefault("normal"),
  ),
  dialects: Flag.Boolean("dialects").pipe(
    Flag.withDescription("Let the bank use every dialect that docs/dialects.md lists"),
    Flag.withDefault(false),
  ),
  speed: Flag.Int("speed").pipe(
    Flag.withDescription(
      "How many seconds pass at the bank in one real second; with 86400, one day per second",
    ),
    Flag.optional,
  ),
  open: Flag.Boolean("open").pipe(
    Flag.withDescription("Open the console in a browser (--no-open: only print its URL)"),
    Flag.withDefault(true),
  ),
  database: Flag.String("database").pipe(
    Flag.withDescription("The SQLite file; the default is a new temporary one"),
    Flag.optional,
  ),
}

/** `loan-engine start`: runs a sandbox bank and an engine, with applications between them. */
export const start = Command.make(
  "start",
  flags,
  Effect.fn(function* ({ once, loans, seed, chaos, dialects, speed, open, database }) {
    yield* Effect.forkScoped(yield* watchLauncher)
    const databasePath = Option.isSome(database) ? yield* fileOf(database.value) : yield* temporaryFile
    const bankSpeed = Option.getOrElse(speed, () => (once ? 100_000 : 20_000))
    const apiKey = yield* localKey
    const demo = yield* makeDemo({ seed, chaos, dialects, speed: bankSpeed, databasePath, apiKey })
    yield* Console.log(`sandbox bank ${demo.bankUrl}   engine ${demo.engineUrl}   file ${databasePath}`)
    if (!once) yield* showConsole(demo.engineUrl, apiKey, open)
    const { callbacks, polling } = yield* playBankPage(demo)
    yield* Console.log(
      `the bank's page, unchanged: ${callbacks.accepted} of ${callbacks.of} example callbacks and ` +
        `${polling.accepted} of ${polling.of} polling examples succeeded`,
    )
    if (once) return yield* runOnce(demo, loans, seed)
    return yield* flowForever(demo, loans)
  }, Effect.scoped),
).pipe(Command.withDescription("Run a sandbox bank and the engine together, and watch the loans move"))

const fileOf = (named: string) =>
  /^postgres(?:ql)?:/iu.test(named)
    ? Effect.fail(
        unusable("--database: `start` keeps its loans in an SQLite file. For PostgreSQL, use `serve`."),
      )
    : Effect.mapError(Effect.fromResult(sqlitePath(named)), (fault) => unusable(`--database ${fault}`))

const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "loan-engine-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
  ),
  (directory) => join(directory, "loan-engine.sqlite"),
)

/** Prints the console's URL, and opens it if a person is at the terminal. */
const showConsole = Effect.fnUntraced(function* (
  engineUrl: string,
  apiKey: Redacted.Redacted,
  isOpened: boolean,
) {
  const link = consoleLink(engineUrl, apiKey)
  yield* Console.log(`console  ${link}`)
  if (isOpened && process.stdout.isTTY) yield* openInBrowser(link)
})

/** Submits applications without end, and prints their stages every second. */
const flowForever = Effect.fnUntraced(function* (demo: Demo, loans: number) {
  const flow = Effect.gen(function* () {
    const open = [...demo.bank.loans.values()].filter(({ over }) => !over).length
    if (open < loans) yield* demo.apply(`application-${demo.bank.loans.size}`)
    else yield* Effect.sleep(20)
  })
  yield* Effect.forkScoped(Effect.forever(flow))
  return yield* Effect.forever(Effect.andThen(Effect.sleep(pictureEveryMs), picture(demo)))
})

const picture = Effect.fnUntraced(function* ({ store, bank }: Demo) {
  const counts = yield* store.stageCounts(mainAccount)
  const shown = stages.map((stage) => `${stage} ${counts.find((row) => row.stage === stage)?.loans ?? 0}`)
  const { sent, accepted, dropped, forged } = bank.counts
  const callbacks = `callbacks ${sent} sent, ${accepted} accepted, ${dropped} dropped, ${forged} forged`
  yield* Console.log(
    `${shown.join("  ")}   ${callbacks}   polls ${bank.asked.status}  quotes ${bank.asked.quote}`,
  )
})

/** Runs the loans to their end, and compares the engine with the bank. The last line is the summary. */
const runOnce = Effect.fnUntraced(function* (demo: Demo, loans: number, seed: string) {
  const startedAt = yield* Clock.currentTimeMillis
  const watching = yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(Effect.sleep(pictureEveryMs), picture(demo))),
  )
  yield* Effect.forEach(
    Array.from({ length: loans }, (_, index) => index),
    (index) => demo.apply(`application-${index}`),
    { concurrency: applicationsAtOnce, discard: true },
  )
  yield* Effect.repeat(Effect.sleep(50), { until: () => demo.bank.isQuiet() })
  const differing = yield* settled(demo)
  yield* Fiber.interrupt(watching)
  // After this, nothing is written any more. So a loan and its journal are in the same state.
  yield* demo.stopEngine
  const audit = yield* auditRun(demo.database, mainAccount)
  const endedAt = yield* Clock.currentTimeMillis
  const summary = {
    loans,
    converged: loans - differing.length,
    diverged: differing.length,
    illegalTransitions: audit.illegalTransitions.length,
    replayMismatches: audit.replayMismatches.length,
    disputed: audit.stages["disputed"],
    callbacks: demo.bank.counts,
    polls: demo.bank.asked.status,
    quotes: demo.bank.asked.quote,
    missedCallbacks: audit.missedCallbacks,
    detailsLeftOut: Object.fromEntries(audit.detailsLeftOut),
    stages: audit.stages,
    seconds: (endedAt - startedAt) / 1_000,
    seed,
  }
  const faults = runFaults(loans, differing, audit, demo.bank.counts.forgedAccepted)
  for (const { lines } of faults) for (const line of lines) yield* Console.error(line)
  yield* Console.log(JSON.stringify(summary))
  if (faults.length > 0) return yield* new RunFailed({ message: faults.map(({ what }) => what).join("; ") })
})

interface RunFault {
  readonly what: string
  /** Lines for the terminal, one for each loan. */
  readonly lines: ReadonlyArray<string>
}

/** What went wrong in a run. Kinds of faults that did not occur are left out. */
const runFaults = (
  loans: number,
  differing: ReadonlyArray<string>,
  { illegalTransitions, replayMismatches, otherFindings }: Audit,
  forgedAccepted: number,
): ReadonlyArray<RunFault> =>
  [
    {
      count: differing.length,
      what: `${differing.length} of ${loans} loans differ from the bank's truth`,
      lines: differing,
    },
    {
      count: illegalTransitions.length,
      what: `${illegalTransitions.length} transitions are not legal`,
      lines: illegalTransitions,
    },
    {
      count: replayMismatches.length,
      what: `${replayMismatches.length} journals do not give their loan's snapshot when replayed`,
      lines: replayMismatches,
    },
    {
      count: otherFindings.length,
      what: `the journal has ${otherFindings.length} other faults`,
      lines: otherFindings,
    },
    { count: forgedAccepted, what: `${forgedAccepted} forged callbacks were accepted`, lines: [] },
  ].filter(({ count }) => count > 0)

/**
 * Compares the engine with the bank until both agree, or until no further loan has agreed for a while. The result is
 * the loans that still differ.
 */
const settled = Effect.fnUntraced(function* (demo: Demo) {
  let giveUpAt = (yield* Clock.currentTimeMillis) + settleMsMax
  let fewest = Infinity
  while (true) {
    const differing = yield* differences(ownTruth(demo), (reference) =>
      Effect.map(demo.engine.loan(reference), beliefOf),
    )
    const now = yield* Clock.currentTimeMillis
    if (differing.length < fewest) giveUpAt = now + settleMsMax
    fewest = Math.min(fewest, differing.length)
    if (differing.length === 0 || now > giveUpAt) return differing
    yield* Effect.sleep(50)
  }
})

const ownTruth = ({ bank }: Demo) => truth(bank).filter(({ account }) => account === mainAccount)

const beliefOf = (stored: StoredLoan | undefined): Belief | undefined =>
  stored && { stage: stored.loan.stage, additionOutstanding: isAdditionOutstanding(stored.loan.facts) }
