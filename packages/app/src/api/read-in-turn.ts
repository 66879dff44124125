import { Effect } from "effect"
import { readRefused } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"
import { ReadRefused } from "../ports/read-turns.ts"
import type { ReadTurns } from "../ports/read-turns.ts"

/** Runs the read of a request in its turn. If it gets none, the answer is this problem. */
export const readInTurn =
  ({ forRequest }: ReadTurns["Service"]) =>
  <A, R>(read: Effect.Effect<A, Problem, R>): Effect.Effect<A, Problem, R> =>
    Effect.mapError(forRequest(read), (fault) => (fault instanceof ReadRefused ? readRefused(fault) : fault))
