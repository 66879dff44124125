/**
 * One comparison: our rate beside a floor. The floor does the same physical work without the engine. `ratio` is ours
 * divided by the floor, as the median of all rounds. Both run in turns, so that other work on the machine affects
 * both.
 */
export interface Figure {
  readonly name: string
  readonly what: string
  readonly ratio: number
  /** The smallest acceptable ratio. `null` if the figure has no goal. A higher ratio is always better. */
  readonly goal: number | null
  readonly ours: number
  readonly floor: number
  readonly unit: string
  /** The smallest and the largest ratio of a round. */
  readonly spread?: readonly [number, number]
}

/** Does its work once or many times. The result is its rate in the comparison's unit. */
type Contender = () => number | Promise<number>

export interface Comparison extends Pick<Figure, "name" | "what" | "goal" | "unit"> {
  readonly ours: Contender
  readonly floor: Contender
}

/** How many rounds count, and how many earlier rounds only warm up. */
export const roundsDefault = 5
const warmUpRounds = 1

export async function compare(comparison: Comparison, rounds: number): Promise<Figure> {
  const { ours, floor, ...named } = comparison
  const measured: Array<{ ours: number; floor: number }> = []
  for (let round = -warmUpRounds; round < rounds; round++) {
    // The first contender of a round may find a warmer or a busier machine. So both take turns in being first.
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

/** The figure from the rates of both contenders, round by round. */
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

/** Runs a computation for one round. The result is its rate; each call does `unitsEach` units. */
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
