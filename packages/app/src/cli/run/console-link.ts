import { randomBytes } from "node:crypto"
import { Console, Effect, Redacted } from "effect"

/** Makes a key for one run on this machine. */
export const localKey = Effect.sync(() => Redacted.make(randomBytes(24).toString("base64url")))

/**
 * The console's URL with its key after `#`, so that no server and no log sees the key. The page removes the key from
 * the address.
 */
export const consoleLink = (engineUrl: string, apiKey: Redacted.Redacted): string =>
  `${engineUrl}/console#key=${Redacted.value(apiKey)}`

/**
 * Opens a page in the user's browser. If there is no browser, or the optional package `open` is not installed, the
 * user can open the printed link.
 */
export const openInBrowser = (url: string): Effect.Effect<void> =>
  // The package is loaded here, because only one command needs it and loading takes a while.
  Effect.tryPromise(async () => (await import("open")).default(url)).pipe(
    Effect.tap((browser) =>
      // The browser may fail after its start. Nothing here waits for it.
      Effect.sync(() => browser.on("error", () => undefined)),
    ),
    Effect.catch(() =>
      Console.log("no browser could be opened (it needs the package open): open the console by hand"),
    ),
    Effect.asVoid,
  )
