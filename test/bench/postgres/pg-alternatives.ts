import { setTimeout as pause } from "node:timers/promises"
import { query } from "../../stores/postgres/server.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import type { Figure } from "../figure.ts"
import { compare } from "../figure.ts"
import { openBank } from "./bank.ts"
import { writersAtOnce } from "./bodies.ts"
import { onDurableServer } from "./durable-server.ts"
import { fill } from "./filled.ts"
import { startFleet } from "./fleet.ts"
import { handledSoFar, untilHandled } from "./handled.ts"
import { startPollers } from "./polling.ts"
import { rivalsAreThere } from "../rivals.ts"

const replicas = 3
const recordsEach = 1_500
/**
 * How many reports one process handles at the same time, how long each takes in the takeover, and after how many
 * seconds a silent process counts as dead.
 */
const workers = 20
const handleMs = 20
const lockSeconds = 10
/** How much work there is when a process is killed, and how much of it is done by then. */
const takeoverWork = 1_500
const takeoverAfter = 300

const alternatives = [
  {
    name: "cluster",
    script: "postgres/entities.ts",
    what: "a sharded cluster of entities with persisted messages",
  },
  { name: "queue", script: "postgres/queue.ts", what: "a persisted queue" },
  { name: "jobs", script: "rivals/pg-boss.js", what: "a job queue, pg-boss" },
] as const

type Alternative = (typeof alternatives)[number]

/**
 * Other ways to coordinate engines than the fence, on the same server: their throughput, and the cost of a killed
 * process.
 */
export const pgAlternativesFigures = (rounds: number): Promise<ReadonlyArray<Figure>> =>
  onDurableServer(async (server) => {
    const figures: Array<Figure> = []
    const there = rivalsAreThere() ? alternatives : alternatives.slice(0, 2)
    for (const alternative of there) figures.push(await throughput(server, alternative, rounds))
    const ours = await ourTakeover(server)
    for (const alternative of there)
      figures.push(figureOf(alternative, ours, await takeover(server, alternative)))
    return figures
  })

async function throughput(
  server: PostgresServer,
  { name, script, what }: Alternative,
  rounds: number,
): Promise<Figure> {
  const ours = await startFleet("postgres/recording.ts", replicas, { url: await server.newDatabase() })
  const url = await server.newDatabase()
  const setup = { url, lockSeconds, workers }
  // The first process makes the tables for the others.
  await (await startFleet(script, 1, setup)).stop()
  const theirs = await startFleet(script, replicas, setup)
  await ours.rate(recordsEach, writersAtOnce)
  const figure = await compare(
    {
      name: `pg_record_${name}_x${replicas}`,
      what: `record in process, beside what is said handed over by ${what} to a handler that writes one row, ${replicas} processes, ${writersAtOnce} at once in all`,
      unit: "records/s",
      goal: null,
      ours: () => ours.rate(recordsEach, writersAtOnce),
      floor: async () => {
        const before = await handledSoFar(url)
        const begun = performance.now()
        await theirs.rate(recordsEach, writersAtOnce)
        await untilHandled(url, before + recordsEach)
        return (recordsEach * 1_000) / (performance.now() - begun)
      },
    },
    rounds,
  )
  await ours.stop()
  await theirs.stop()
  return figure
}

/** The result for the remaining work after one of three processes was killed. */
interface Takeover {
  /** The time from the kill until everything was done. */
  readonly seconds: number
  /** How many units waited until the dead process was given up. */
  readonly late: number
  /** How many units were done twice. */
  readonly twice: number
}

/** A unit that is done within this time did not wait for the dead process. In milliseconds. */
const promptly = lockSeconds * 800

async function ourTakeover(server: PostgresServer): Promise<Takeover> {
  const bank = await openBank()
  const url = await server.newDatabase()
  await fill(url, takeoverWork)
  const pollers = await startPollers(url, bank.url, replicas, replicas * workers, {
    LOAN_ENGINE_POLL_LEASE_MS: String(lockSeconds * 1_000),
  })
  const before = bank.asked()
  await pollers.makeDue(takeoverWork)
  while ((await pollers.dueNow()) > takeoverWork - takeoverAfter) await pause(5)
  await pollers.engines[0]?.kill()
  const killed = performance.now()
  await pause(promptly)
  const late = await pollers.dueNow()
  while ((await pollers.dueNow()) > 0) await pause(5)
  const seconds = (performance.now() - killed) / 1_000
  const twice = bank.asked() - before - takeoverWork
  await pollers.stop()
  bank.close()
  return { seconds, late, twice }
}

async function takeover(server: PostgresServer, { script }: Alternative): Promise<Takeover> {
  const url = await server.newDatabase()
  const setup = { url, lockSeconds, workers, handleMs }
  await (await startFleet(script, 1, setup)).stop()
  const fleet = await startFleet(script, replicas, setup)
  await fleet.rate(replicas, replicas)
  // The killed process stops its reports; the other processes finish theirs.
  const telling = fleet.rate(takeoverWork, replicas * workers).catch(() => {})
  await untilHandled(url, takeoverAfter)
  await fleet.kill(0)
  await telling
  const killed = performance.now()
  let last = killed
  let handled = await handledSoFar(url)
  // Waits until no unit has been done for longer than any lock lasts.
  while (performance.now() - last < lockSeconds * 2_000) {
    await pause(20)
    const now = await handledSoFar(url)
    if (now > handled) last = performance.now()
    handled = now
  }
  const [row] = await query(
    url,
    `SELECT count(*) FILTER (WHERE waited_ms > $1::float8)::int AS late, count(*) FILTER (WHERE runs > 1)::int AS twice
     FROM handled`,
    [promptly],
  )
  await fleet.stop()
  return { seconds: (last - killed) / 1_000, late: Number(row?.["late"]), twice: Number(row?.["twice"]) }
}

const figureOf = ({ name, what }: Alternative, ours: Takeover, theirs: Takeover): Figure => ({
  name: `pg_takeover_${name}`,
  what: `one of ${replicas} processes killed, given up after ${lockSeconds} s: ours ${told(ours)}; ${what} ${told(theirs)}`,
  ratio: (theirs.late + 1) / (ours.late + 1),
  goal: null,
  ours: 1 / (ours.late + 1),
  floor: 1 / (theirs.late + 1),
  unit: "1/late",
})

const told = ({ seconds, late, twice }: Takeover): string =>
  `all done after ${seconds.toFixed(1)} s, ${late} waited, ${twice} done twice`
