import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { Context, Effect, Exit, Layer, Scope } from "effect"

const layerIn = (directory: string) =>
  LoanEngine.layer(cadenceDefaults).pipe(
    Layer.provideMerge(layerSqlite({ path: join(directory, "engine.sqlite"), ...sqliteDefaults })),
  )
type Services = Layer.Success<ReturnType<typeof layerIn>>

export interface SqliteEngine {
  readonly engine: LoanEngine["Service"]
  readonly context: Context.Context<Services>
  /** The folder for the files of the floor. */
  readonly directory: string
}

/** Opens an engine in process, with its own SQLite file. Both are removed after `use`. */
export async function withSqliteEngine<A>(use: (opened: SqliteEngine) => Promise<A>): Promise<A> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  const scope = Effect.runSync(Scope.make())
  try {
    const context = await Effect.runPromise(Layer.buildWithScope(layerIn(directory), scope))
    return await use({ engine: Context.get(context, LoanEngine), context, directory })
  } finally {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true })
  }
}

/** Measures a rate in units per second. */
export async function rate(units: number, work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return (units * 1_000) / (performance.now() - begun)
}
