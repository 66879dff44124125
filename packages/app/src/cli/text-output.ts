import { open, rename, rm } from "node:fs/promises"
import type { FileHandle } from "node:fs/promises"
import { isNativeError } from "node:util/types"
import { Effect, Schema } from "effect"
import type { CommandUnusable } from "./exit-codes.ts"
import { unusable } from "./exit-codes.ts"

/** The reader of the output has closed it. This is a normal end and no failure. */
export class OutputClosed extends Schema.TaggedError<OutputClosed>()("OutputClosed", {
  message: Schema.String,
}) {}

export type WriteText = (text: string) => Effect.Effect<void, CommandUnusable | OutputClosed>

/** Writes to standard output. Each write waits until the text is accepted. */
export const standardOutput: Effect.Effect<WriteText> = Effect.sync(() => {
  // The stream reports a failure twice: to the write, and by an event. Without a listener, the event would end the
  // process.
  process.stdout.on("error", () => {})
  return (text) =>
    Effect.callback<void, CommandUnusable | OutputClosed>((resume) => {
      process.stdout.write(text, (error) =>
        resume(error === null || error === undefined ? Effect.void : Effect.fail(writeFailure(error))),
      )
    })
})

function writeFailure(error: Error): CommandUnusable | OutputClosed {
  const closed = "code" in error && error.code === "EPIPE"
  return closed
    ? new OutputClosed({ message: "the output was closed" })
    : unusable(`The output cannot be written: ${error.message}.`)
}

/** The file contains personal data, so only its owner may read it. */
const fileMode = 0o600

/**
 * Writes a file completely or not at all. The file is first written under another name. When it is on the disk, it
 * gets its own name. If the writing fails, the file is removed.
 */
export const writeWholeFile = <A, E, R>(
  path: string,
  use: (write: WriteText) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | CommandUnusable, R> => {
  const partial = `${path}.partial`
  const attempt = <B>(run: () => Promise<B>) =>
    Effect.tryPromise({ try: run, catch: (cause) => fileFailure(partial, cause) })
  const finish = (file: FileHandle) => attempt(() => file.sync())
  return Effect.acquireUseRelease(
    attempt(() => open(partial, "wx", fileMode)),
    (file) =>
      use((text) => Effect.asVoid(attempt(() => file.appendFile(text)))).pipe(
        Effect.tap(finish(file)),
        Effect.tap(attempt(() => rename(partial, path))),
      ),
    (file, exit) =>
      Effect.promise(async () => {
        await file.close()
        if (exit._tag === "Failure") await rm(partial, { force: true })
      }),
  )
}

function fileFailure(partial: string, cause: unknown): CommandUnusable {
  const exists = isNativeError(cause) && "code" in cause && cause.code === "EEXIST"
  if (exists) {
    return unusable(
      `${partial} exists already: another export is writing it, or one was killed. If one was killed, remove the file.`,
    )
  }
  return unusable(
    `${partial} cannot be written: ${isNativeError(cause) ? cause.message : "unknown failure"}.`,
  )
}
