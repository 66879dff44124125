import { randomBytes } from "node:crypto"
import { Console, Effect, Redacted } from "effect"

/** A key for one run on this machine. */
export const localKey = Effect.sync(() => Redacted.make(randomBytes(24).toString("base64url")))

/**
 * The console's URL with its key after `#`, where no server and no log sees it. The page removes it from the address.
 */
export const consoleLink = (engineUrl: string, apiKey: Redacted.Redacted): string =>
  `${engineUrl}/console#key=${Redacted.value(apiKey)}`

/**
 * Opens a page in the user's browser. If there is none, or the optional package `open` is not installed, the user can
 * open the printed link.
 */
export const openInBrowser = (url: string): Effect.Effect<void> =>
  // Only one command needs it, and loading it takes a while.
  Effect.tryPromise(async () => (await import("open")).default(url)).pipe(
    Effect.tap((browser) =>
      // The process that shows the page may fail after its start. Nothing here waits for it.
      Effect.sync(() => browser.on("error", () => undefined)),
    ),
    Effect.catch(() =>
      Console.log("no browser could be opened (it needs the package open): open the console by hand"),
    ),
    Effect.asVoid,
  )
