import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { DetailName } from "@loan-engine/domain/detail"
import { isLegal, stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import { snapshotText } from "@loan-engine/domain/loan"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Console, Effect, Fiber, Option, Schema } from "effect"
import type { Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { replay } from "../journal/journal.ts"
import { consoleLink, localKey, openInBrowser } from "./console-link.ts"
import { chaosLevels } from "../sandbox/chaos.ts"
import type { Demo } from "../sandbox/demo.ts"
import { differenceOf } from "../sandbox/judge.ts"
import { playBankPage } from "../sandbox/bank-page-play.ts"
import { mainAccount, makeDemo } from "../sandbox/demo.ts"
import { sandboxPaths } from "../sandbox/sandbox-server.ts"

/** The run went wrong; what it printed says how. */
export class RunFailed extends Schema.TaggedError<RunFailed>()("RunFailed", { message: Schema.String }) {}

/** How long a run waits for the engine to agree with the bank once nothing more happens at the bank. */
const settleMsMax = 30_000
const applicationsAtOnce = 16
const pictureEveryMs = 1_000

const flags = {
  once: Flag.Boolean("once").pipe(
    Flag.withDescription("Run the loans to the end of their lives, print a JSON summary, and exit"),
    Flag.withDefault(false),
  ),
  loans: Flag.Int("loans").pipe(
    Flag.withDescription("How many loans to run (with --once), or how many live at once"),
    Flag.withDefault(100),
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDescription("The same seed gives the same lives and mishaps"),
    Flag.withDefault("1"),
  ),
  chaos: Flag.Literals("chaos", chaosLevels).pipe(
    Flag.withDescription("How badly the callbacks fare"),
    Flag.withDefault("normal"),
  ),
  dialects: Flag.Boolean("dialects").pipe(
    Flag.withDescription("Let the bank say its messages in every way that docs/dialects.md lists"),
    Flag.withDefault(false),
  ),
  speed: Flag.Int("speed").pipe(
    Flag.withDescription("Bank seconds per second: 86400 lives a day each second"),
    Flag.optional,
  ),
  open: Flag.Boolean("open").pipe(
    Flag.withDescription("Open the console in a browser (--no-open: only say where it is)"),
    Flag.withDefault(true),
  ),
  database: Flag.String("database").pipe(
    Flag.withDescription("The SQLite file; a new temporary one by default"),
    Flag.optional,
  ),
}

/** `loan-engine start`: a sandbox bank and an engine, applications flowing between them. */
export const start = Command.make(
  "start",
  flags,
  Effect.fn(function* ({ once, loans, seed, chaos, dialects, speed, open, database }) {
    const databasePath = Option.isSome(database) ? database.value : yield* temporaryFile
    const bankSpeed = Option.getOrElse(speed, () => (once ? 100_000 : 20_000))
    const apiKey = yield* localKey
    const demo = yield* makeDemo({ seed, chaos, dialects, speed: bankSpeed, databasePath, apiKey })
    yield* Console.log(`sandbox bank ${demo.bankUrl}   engine ${demo.engineUrl}   file ${databasePath}`)
    if (!once) yield* showConsole(demo.engineUrl, apiKey, open)
    const { callbacks, polling } = yield* playBankPage(demo)
    yield* Console.log(
      `the bank's page, as it stands: ${callbacks.accepted} of ${callbacks.of} example callbacks and ` +
        `${polling.accepted} of ${polling.of} polling examples went through`,
    )
    if (once) return yield* runOnce(demo, loans, seed)
    return yield* flowForever(demo, loans)
  }, Effect.scoped),
).pipe(Command.withDescription("Run a sandbox bank and the engine together, and watch the loans move"))

const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "loan-engine-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
  ),
  (directory) => join(directory, "loan-engine.sqlite"),
)

/** Says where the console is, and opens it if somebody sits at the terminal. */
const showConsole = Effect.fnUntraced(function* (
  engineUrl: string,
  apiKey: Redacted.Redacted,
  isOpened: boolean,
) {
  const link = consoleLink(engineUrl, apiKey)
  yield* Console.log(`console  ${link}`)
  if (isOpened && process.stdout.isTTY) yield* openInBrowser(link)
})

/** Applications without end; the picture of where they stand, every second. */
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

/** Runs the loans to their end, judges the engine by the bank's truth, and prints the summary as the last line. */
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
  const audit = yield* auditJournals(demo)
  const endedAt = yield* Clock.currentTimeMillis
  const summary = {
    loans,
    converged: loans - differing.length,
    diverged: differing.length,
    illegalTransitions: audit.illegalTransitions,
    replayMismatches: audit.replayMismatches,
    disputed: audit.stages.disputed,
    callbacks: demo.bank.counts,
    polls: audit.polls,
    quotes: audit.quotes,
    missedCallbacks: audit.missedCallbacks,
    detailsLeftOut: Object.fromEntries(audit.detailsLeftOut),
    stages: audit.stages,
    seconds: (endedAt - startedAt) / 1_000,
    seed,
  }
  for (const line of differing) yield* Console.error(line)
  yield* Console.log(JSON.stringify(summary))
  const sound = audit.illegalTransitions === 0 && audit.replayMismatches === 0
  if (differing.length === 0 && sound && demo.bank.counts.forgedAccepted === 0) return
  return yield* new RunFailed({
    message: `${differing.length} of ${loans} loans differ from the bank's truth`,
  })
})

/** Asks the bank for its truth until the engine agrees, or time is up; what is left are the loans that differ. */
const settled = Effect.fnUntraced(function* (demo: Demo) {
  const giveUpAt = (yield* Clock.currentTimeMillis) + settleMsMax
  while (true) {
    const differing = yield* differences(demo)
    if (differing.length === 0 || (yield* Clock.currentTimeMillis) > giveUpAt) return differing
    yield* Effect.sleep(50)
  }
})

const decodeTruth = Schema.decodeUnknownSync(
  Schema.Array(
    Schema.Struct({
      applicationReference: ApplicationReference,
      account: Schema.String,
      stage: Schema.Literals(stages),
      additionOutstanding: Schema.Boolean,
    }),
  ),
)

const differences = Effect.fnUntraced(function* (demo: Demo) {
  const told = yield* Effect.promise(async () => {
    const answer = await fetch(`${demo.bankUrl}${sandboxPaths.truth}`)
    return decodeTruth(await answer.json())
  })
  const differing: Array<string> = []
  for (const truth of told) {
    if (truth.account !== mainAccount) continue
    const stored = yield* demo.engine.loan(truth.applicationReference)
    const belief =
      stored === undefined
        ? undefined
        : { stage: stored.loan.stage, additionOutstanding: isAdditionOutstanding(stored.loan.facts) }
    const difference = differenceOf(truth, belief)
    if (difference !== undefined) differing.push(difference)
  }
  return differing
})

interface Audit {
  illegalTransitions: number
  replayMismatches: number
  polls: number
  quotes: number
  missedCallbacks: number
  readonly detailsLeftOut: Map<DetailName, number>
  stages: { [S in Stage]: number }
}

/** Reads every journal again: each step legal and following on the one before, each fold the stored snapshot. */
const auditJournals = Effect.fnUntraced(function* ({ store }: Demo) {
  const audit: Audit = {
    illegalTransitions: 0,
    replayMismatches: 0,
    polls: 0,
    quotes: 0,
    missedCallbacks: 0,
    detailsLeftOut: new Map(),
    stages: {
      submitted: 0,
      manualInspection: 0,
      approved: 0,
      rejected: 0,
      waitingForAddition: 0,
      signed: 0,
      paidOut: 0,
      disputed: 0,
    },
  }
  let after = ""
  while (true) {
    const page = yield* store.loans({ account: mainAccount, after, limit: 500 })
    const last = page.at(-1)
    if (last === undefined) return audit
    for (const { loan } of page) {
      audit.stages[loan.stage]++
      yield* auditLoan(store, loan, audit)
    }
    after = last.loan.applicationReference
  }
})

const auditLoan = Effect.fnUntraced(function* (store: Demo["store"], loan: Loan, audit: Audit) {
  // The engine goes on asking while this reads, so the journal may be ahead of the snapshot that was read before it.
  const history = yield* store.history(loan.applicationReference)
  const entries = history.filter(({ version }) => version <= loan.version)
  let stage: Stage = "submitted"
  for (const { source, steps, news, leftOut = [] } of entries) {
    for (const name of leftOut) audit.detailsLeftOut.set(name, (audit.detailsLeftOut.get(name) ?? 0) + 1)
    if (source === "poll") audit.polls++
    if (source === "quote") audit.quotes++
    if (source === "poll" || source === "quote") audit.missedCallbacks += news.length
    for (const { from, to } of steps) {
      if (from !== stage || !isLegal(from, to)) audit.illegalTransitions++
      stage = to
    }
  }
  const replayed = replay(entries)
  if (replayed === undefined || snapshotText(replayed) !== snapshotText(loan)) audit.replayMismatches++
})
