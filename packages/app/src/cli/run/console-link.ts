import { randomBytes } from "node:crypto"
import { Console, Effect, Redacted } from "effect"

/** A key for one run on this machine. */
export const localKey = Effect.sync(() => Redacted.make(randomBytes(24).toString("base64url")))

/** The console with its key behind `#`, where no server and no log gets to see it; the page takes it out of the address. */
export const consoleLink = (engineUrl: string, apiKey: Redacted.Redacted): string =>
  `${engineUrl}/console#key=${Redacted.value(apiKey)}`

/** Opens a page in the browser of whoever sits here. Where there is none, whoever reads the line can do so themselves. */
export const openInBrowser = (url: string): Effect.Effect<void> =>
  // It is asked for by one command only, and takes a while to load.
  Effect.tryPromise(async () => (await import("open")).default(url)).pipe(
    Effect.tap((browser) =>
      // The process that shows the page may fail after it was started; nothing here waits for it.
      Effect.sync(() => browser.on("error", () => undefined)),
    ),
    Effect.catch(() => Console.log("no browser could be opened: open the console by hand")),
    Effect.asVoid,
  )
