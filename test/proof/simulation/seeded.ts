import type { Random } from "effect"

/**
 * Random draws that a seed repeats. Each kind of draw has its own stream, so that an additional draw does not change
 * the others.
 */
export interface Seeded {
  /** A number from 0 to 1, without 1. */
  readonly next: () => number
  readonly chance: (probability: number) => boolean
  /** A real number from `from` to `to`. */
  readonly between: (from: number, to: number) => number
  readonly pick: <A>(list: readonly [A, ...ReadonlyArray<A>]) => A
  /** The same stream, for code that uses Effect's Random. */
  readonly random: typeof Random.Random.Service
}

const two32 = 2 ** 32

/** A 32-bit mixing generator (Weyl sequence, then an avalanche), started from the seed's hash. */
export function seeded(seed: string): Seeded {
  let state = hashOf(seed)
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0
    return avalanche(state) / two32
  }
  return {
    next,
    chance: (probability) => next() < probability,
    between: (from, to) => from + next() * (to - from),
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
    random: {
      nextDoubleUnsafe: next,
      nextIntUnsafe: () => Math.floor((2 * next() - 1) * Number.MAX_SAFE_INTEGER),
    },
  }
}

function hashOf(text: string): number {
  let hash = 0x811c_9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193) >>> 0
  return avalanche(hash)
}

function avalanche(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
