/**
 * One measured comparison: the rate at which we work beside a floor that does the same physical work with none of the engine. `ratio` is
 * the median, over the rounds, of ours divided by the floor of the same round. The two are interleaved, so that anything that
 * else the machine does hits both.
 */
export interface Figure {
  readonly name: string
  readonly what: string
  readonly ratio: number
  /** The least the ratio should be; `null` where the figure is for information. More is always better. */
  readonly goal: number | null
  readonly ours: number
  readonly floor: number
  readonly unit: string
  /** The least and the most that the ratio was in any round. */
  readonly spread?: readonly [number, number]
}

/** Does its work once or many times and gives the rate it reached, in the comparison's unit. */
type Contender = () => number | Promise<number>

export interface Comparison extends Pick<Figure, "name" | "what" | "goal" | "unit"> {
  readonly ours: Contender
  readonly floor: Contender
}

/** How many rounds count, and how many before them only warm up. */
export const roundsDefault = 5
const warmUpRounds = 1

export async function compare(comparison: Comparison, rounds: number): Promise<Figure> {
  const { ours, floor, ...named } = comparison
  const measured: Array<{ ours: number; floor: number }> = []
  for (let round = -warmUpRounds; round < rounds; round++) {
    // The first one may find a warmer or a busier machine, so they take turns.
    const oursFirst = round % 2 === 0
    const first = await (oursFirst ? ours : floor)()
    const second = await (oursFirst ? floor : ours)()
    if (round < 0) continue
    measured.push(oursFirst ? { ours: first, floor: second } : { ours: second, floor: first })
  }
  return {
    ...named,
    ...judged(
      measured.map((round) => round.ours),
      measured.map((round) => round.floor),
    ),
  }
}

/** What the rates of the same rounds come to, ours and the floor's. */
export function judged(
  ours: ReadonlyArray<number>,
  floor: ReadonlyArray<number>,
): Required<Pick<Figure, "ratio" | "ours" | "floor" | "spread">> {
  const ratios = ours.map((rate, round) => rate / (floor[round] ?? Number.NaN))
  return {
    ratio: median(ratios),
    ours: median(ours),
    floor: median(floor),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  }
}

export const reaches = ({ goal, ratio }: Figure): boolean => goal === null || ratio >= goal

export function median(values: ReadonlyArray<number>): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** How long one contender of a pure computation runs in a round. */
const roundMs = 400

/** The rate of a computation that does `unitsEach` units at a time, run for a round. */
export function perSecond(work: () => void, unitsEach: number): number {
  const begun = performance.now()
  let units = 0
  let elapsed = 0
  while (elapsed < roundMs) {
    work()
    units += unitsEach
    elapsed = performance.now() - begun
  }
  return (units * 1_000) / elapsed
}
