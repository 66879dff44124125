import { once } from "node:events"
import { Effect } from "effect"
import { onStore, say } from "../../engine/journal/lived-store.ts"

/** How many changes run at the same time. */
const changesAtOnce = 8

/**
 * `node writing-process.ts <file> <name> <changes>`: waits for the order to begin and then writes this many changes to
 * one loan.
 */
const [path = "", name = "", changes = "0"] = process.argv.slice(2)

const told = Effect.promise(async () => {
  process.stdout.write("ready\n")
  await once(process.stdin, "end")
})

process.stdin.resume()
await onStore(
  path,
  Effect.andThen(
    told,
    Effect.forEach(
      Array.from({ length: Number(changes) }, (_, index) => index),
      (index) =>
        say("shared", 1_000 + index, {
          source: "callback",
          evidence: "credentials",
          events: [{ type: "addition.requested", at: 1_000 + index }],
          body: `${name} ${index}`,
          // The other process may be faster several times. Then this one tries again, as the bank does.
        }).pipe(Effect.retry({ while: ({ _tag }) => _tag === "StoreUnavailable" })),
      { concurrency: changesAtOnce, discard: true },
    ),
  ),
)
