import type { PostgresServer } from "../../stores/postgres/server.ts"
import type { Comparison, Figure } from "../figure.ts"
import { compare, judged } from "../figure.ts"
import { writersAtOnce } from "./bodies.ts"
import { cpuSeconds } from "./cpu.ts"
import { onDurableServer } from "./durable-server.ts"
import { startFleet } from "./fleet.ts"
import { rivalsAreThere } from "../rivals.ts"
import { openBankKey, signedCallbacks } from "../signed-callbacks.ts"

/** How many units a contender finishes in a round. */
const recordsEach = 8_000
const webhooksEach = 2_000
/** How many units run before the first round, so that Node compiles the code. */
const warmUp = 12_000

interface Contest extends Pick<Comparison, "name" | "what" | "goal" | "unit"> {
  readonly each: number
  readonly ours: string
  readonly floor: string
  readonly setup?: object
}

/**
 * `record` on PostgreSQL beside other libraries that write there, with one process and with three. All use the same
 * server with the same durability.
 */
export async function pgRecordFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  if (!rivalsAreThere()) return []
  const key = await openBankKey()
  const [example = ""] = await signedCallbacks(key.privateJwk, 1)
  const webhook = { jwksUrl: key.jwksUrl, privateJwk: key.privateJwk, bytes: example.length }
  try {
    return await onDurableServer(async (server) => {
      const figures: Array<Figure> = []
      for (const replicas of [1, 3]) {
        for (const contest of contests(replicas, webhook)) {
          figures.push(...(await hold(contest, replicas, rounds, server)))
        }
      }
      return figures
    })
  } finally {
    key.close()
  }
}

const contests = (replicas: number, webhook: object): ReadonlyArray<Contest> => {
  const by = `${replicas} process(es), ${writersAtOnce} at once in all`
  const records = { each: recordsEach, ours: "postgres/recording.ts", unit: "records/s" }
  return [
    {
      ...records,
      name: `pg_record_x${replicas}`,
      what: `record in process, beside a bare single-statement insert of the same bytes with pg, ${by}`,
      goal: 1,
      floor: "rivals/inserting.js",
    },
    {
      ...records,
      name: `pg_record_emmett_x${replicas}`,
      what: `record in process, beside @event-driven-io/emmett-postgresql appending the same events, ${by}`,
      goal: 4,
      floor: "rivals/emmett.js",
    },
    {
      name: `pg_record_stripe_x${replicas}`,
      what: `callbacks handed over in process, verified (RS256) and journaled, beside @supabase/stripe-sync-engine's processWebhook on signed webhooks as long, ${by}`,
      goal: 3,
      unit: "callbacks/s",
      each: webhooksEach,
      ours: "postgres/receiving.ts",
      floor: "rivals/stripe-sync.js",
      setup: webhook,
    },
  ]
}

async function hold(
  { each, ours, floor, setup, ...named }: Contest,
  replicas: number,
  rounds: number,
  server: PostgresServer,
): Promise<ReadonlyArray<Figure>> {
  const open = async (script: string) => {
    const given = { url: await server.newDatabase(), ...setup }
    // The first process makes the tables for the others.
    await (await startFleet(script, 1, given)).stop()
    const fleet = await startFleet(script, replicas, given)
    const perCpuSecond: Array<number> = []
    const contend = async (count: number): Promise<number> => {
      await fleet.prepare(count)
      const before = cpuSeconds(server, fleet.pids)
      const rate = await fleet.rate(count, writersAtOnce)
      const after = cpuSeconds(server, fleet.pids)
      if (before !== undefined && after !== undefined) perCpuSecond.push(count / (after - before))
      return rate
    }
    await contend(warmUp)
    return { fleet, contend, perCpuSecond }
  }
  const [us, them] = [await open(ours), await open(floor)]
  const figure = await compare(
    { ...named, ours: () => us.contend(each), floor: () => them.contend(each) },
    rounds,
  )
  await us.fleet.stop()
  await them.fleet.stop()
  if (us.perCpuSecond.length === 0) return [figure]
  return [
    figure,
    {
      name: `${named.name}_cpu`,
      what: `the same for each second of processor time, of clients and server together: ${named.what}`,
      unit: `${named.unit.split("/")[0]}/cpu-s`,
      goal: null,
      ...judged(us.perCpuSecond.slice(-rounds), them.perCpuSecond.slice(-rounds)),
    },
  ]
}
