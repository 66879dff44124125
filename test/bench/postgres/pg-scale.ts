import type { Figure } from "../figure.ts"
import { judged } from "../figure.ts"
import { writersAtOnce } from "./bodies.ts"
import { onDurableServer } from "./durable-server.ts"
import { bytesPerLoan, fill } from "./filled.ts"
import type { BytesPerLoan } from "./filled.ts"
import { startFleet } from "./fleet.ts"

/** The sizes of the tables, in loans. The larger sizes run only on request. */
const sizes = [10_000, 1_000_000, 10_000_000] as const
const replicas: ReadonlyArray<number> = [1, 2, 3]
const recordsEach = 6_000
/** How many times more a record may cost with the most loans than with the fewest. */
const costTimesMax = 1.5

interface Measured {
  readonly loans: number
  /** Records per second in each round, by the number of replicas. */
  readonly rates: ReadonlyMap<number, Array<number>>
  readonly rate: (replicas: number) => Promise<number>
  readonly bytes: BytesPerLoan
  readonly stop: () => Promise<void>
}

/**
 * The cost of a record for larger tables and for more replicas. Half of the records are about new loans, half about
 * existing loans all over the table.
 */
export const pgScaleFigures = (rounds: number, rowsMax: number): Promise<ReadonlyArray<Figure>> =>
  onDurableServer(async (server) => {
    const measured: Array<Measured> = []
    for (const loans of sizes.filter((size) => size <= rowsMax)) {
      measured.push(await open(await server.newDatabase(), loans))
    }
    for (let round = -1; round < rounds; round++) {
      for (const count of replicas) {
        // The first contender of a round may find a warmer or a busier machine. So they take turns in being first.
        for (const one of round % 2 === 0 ? measured : measured.toReversed()) {
          const rate = await one.rate(count)
          if (round >= 0) one.rates.get(count)?.push(rate)
        }
      }
    }
    await Promise.all(measured.map(({ stop }) => stop()))
    return figures(measured)
  })

async function open(url: string, loans: number): Promise<Measured> {
  await fill(url, loans)
  const bytes = await bytesPerLoan(url)
  const fleets = new Map(
    await Promise.all(
      replicas.map(
        async (count) =>
          [count, await startFleet("postgres/recording.ts", count, { url, known: loans })] as const,
      ),
    ),
  )
  return {
    loans,
    bytes,
    rates: new Map(replicas.map((count) => [count, []])),
    rate: async (count) => (await fleets.get(count)?.rate(recordsEach, writersAtOnce)) ?? Number.NaN,
    stop: async () => {
      for (const fleet of fleets.values()) await fleet.stop()
    },
  }
}

function figures(measured: ReadonlyArray<Measured>): ReadonlyArray<Figure> {
  const [fewest, ...more] = measured
  if (fewest === undefined) return []
  const ratesOf = (one: Measured, count: number): ReadonlyArray<number> => one.rates.get(count) ?? []
  const unit = "records/s"
  return [
    ...more.flatMap((one) =>
      replicas.map((count) => ({
        name: `pg_scale_${short(one.loans)}_x${count}`,
        what: `records among ${short(one.loans)} loans beside ${short(fewest.loans)}, ${count} replica(s), ${writersAtOnce} writers`,
        unit,
        goal: 1 / costTimesMax,
        ...judged(ratesOf(one, count), ratesOf(fewest, count)),
      })),
    ),
    ...measured.flatMap((one) =>
      replicas.slice(1).map((count) => ({
        name: `pg_scale_${short(one.loans)}_by${count}`,
        what: `records among ${short(one.loans)} loans, ${count} replicas beside one, ${writersAtOnce} writers in all`,
        unit,
        goal: null,
        ...judged(ratesOf(one, count), ratesOf(one, 1)),
      })),
    ),
    ...measured.map(bytesFigure),
  ]
}

function bytesFigure({ loans, bytes }: Measured): Figure {
  const all = Object.values(bytes).reduce((sum: number, each: number) => sum + each, 0)
  const least = bytes.loans + bytes.journal
  const parts = Object.entries(bytes).map(([name, each]) => `${name} ${Math.round(Number(each))}`)
  return {
    name: `pg_bytes_${short(loans)}`,
    what: `a loan with one journal row takes ${Math.round(all)} bytes on disk (${parts.join(", ")}), beside its tables without indexes`,
    unit: "loans/MB",
    goal: null,
    ratio: least / all,
    ours: 1_048_576 / all,
    floor: 1_048_576 / least,
  }
}

const short = (count: number): string => (count < 1_000_000 ? `${count / 1_000}k` : `${count / 1_000_000}M`)
