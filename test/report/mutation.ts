import type { Mutation } from "./report.ts"

export function mutationRun(): Mutation {
  throw new Error("not yet")
}
