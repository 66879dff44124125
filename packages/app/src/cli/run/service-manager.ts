import { execFile } from "node:child_process"
import { Effect } from "effect"
import type { Scope } from "effect"
import { Environment } from "../../config/sources.ts"

/** The maximum wait for a service manager, which usually answers at once. */
const notifyMsMax = 5_000

/** The variable with the socket of a service manager: `Type=notify` in systemd. */
const socketVariable = "NOTIFY_SOCKET"

/**
 * Tells the service manager that the engine is serving, and, when the scope closes, that it is stopping. Without a
 * service manager, nothing happens. Node cannot send to this kind of socket, so systemd's own program sends.
 */
export const announceToServiceManager = Effect.fnUntraced(function* (
  status: string,
): Effect.fn.Return<void, never, Scope.Scope> {
  const variables = yield* Environment
  if ((variables[socketVariable] ?? "") === "") return
  yield* tell(variables, ["--ready", `--status=${status}`])
  yield* Effect.addFinalizer(() => tell(variables, ["STOPPING=1", "--status=stopping"]))
})

const program = "systemd-notify"

const tell = (variables: Environment, words: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.callback<void, Error>((resume) => {
    execFile(program, words, { env: variables, timeout: notifyMsMax }, (error) =>
      resume(error === null ? Effect.void : Effect.fail(error)),
    )
  }).pipe(
    Effect.catch(({ message }) =>
      Effect.annotateLogs(
        Effect.logWarning(
          "the service manager could not be notified: systemd-notify must be installed, and NotifyAccess must be all; otherwise use Type=exec",
        ),
        { reason: message.split("\n", 1)[0] ?? "" },
      ),
    ),
  )
