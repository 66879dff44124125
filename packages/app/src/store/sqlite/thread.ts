import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import { Deferred, Effect } from "effect"
import type { Scope } from "effect"
import { StoreUnusable } from "../../ports/loan-store.ts"
import type { ConnectionSettings } from "./connection.ts"

export interface SqliteThread {
  readonly worker: Worker
  /** Waits until the thread has ended. The result is the reason. */
  readonly ended: Effect.Effect<string>
}

/**
 * Starts a thread with its own connection, and waits until it has opened the file. When the scope closes, the thread
 * closes its connection, and the scope waits for that.
 */
export const startThread = Effect.fnUntraced(function* (
  name: "reader" | "writer",
  { path, busyTimeoutMs, walPagesMax }: ConnectionSettings,
  cannotOpen: (why: string) => string,
): Effect.fn.Return<SqliteThread, StoreUnusable, Scope.Scope> {
  const opened = Deferred.makeUnsafe<void>()
  const over = Deferred.makeUnsafe<string>()
  const ended = Deferred.await(over)
  let isNoModule = false
  const url = new URL(`./${name}-thread${extname(import.meta.url)}`, import.meta.url)
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const started = new Worker(url, { workerData: { path, busyTimeoutMs, walPagesMax }, ...ownFlags() })
      started.once("message", () => Deferred.doneUnsafe(opened, Effect.void))
      started.once("error", (cause: Error) => {
        isNoModule = hasNoModule(cause)
        Deferred.doneUnsafe(over, Effect.succeed(cause.message))
      })
      started.once("exit", () => Deferred.doneUnsafe(over, Effect.succeed("it was ended")))
      return started
    }),
    (running) =>
      Effect.andThen(
        Effect.sync(() => running.postMessage(null)),
        ended,
      ),
  )
  yield* Effect.raceFirst(
    Deferred.await(opened),
    Effect.flatMap(
      ended,
      (why) => new StoreUnusable({ message: isNoModule ? `${bundled} (${why}).` : cannotOpen(why) }),
    ),
  )
  return { worker, ended }
})

/** Whether the thread's file is missing or is no module. Then a bundler has copied the package. */
const hasNoModule = ({ name, code }: Error & { readonly code?: unknown }): boolean =>
  name === "SyntaxError" || (typeof code === "string" && code.endsWith("MODULE_NOT_FOUND"))

const bundled =
  "The threads of the SQLite store cannot start, because a bundler has copied @loan-engine/app into its output. Leave the package " +
  'out of the bundle: serverExternalPackages: ["@loan-engine/app"] in Next.js, `external` in other bundlers'

/**
 * The flags for a thread. `--input-type` only fits the text of `--eval`. A thread runs a file, and would refuse this
 * flag if it inherited it.
 */
const ownFlags = (): { readonly execArgv?: Array<string> } =>
  process.execArgv.some((flag) => flag.startsWith("--input-type")) ? { execArgv: [] } : {}
