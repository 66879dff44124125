import { once } from "node:events"
import { Effect } from "effect"
import { onStore, say } from "../../engine/journal/lived-store.ts"

/** How many changes are under way at once. */
const changesAtOnce = 8

/** `node writing-process.ts <file> <name> <changes>`: so many changes of one loan, from a process of its own, once told to begin. */
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
          // The other may be faster again and again; then it is said once more, as the bank does.
        }).pipe(Effect.retry({ while: ({ _tag }) => _tag === "StoreUnavailable" })),
      { concurrency: changesAtOnce, discard: true },
    ),
  ),
)
