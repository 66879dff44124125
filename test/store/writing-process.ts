import { once } from "node:events"
import { Effect } from "effect"
import { onStore, say } from "../journal/lived-store.ts"

/** How many changes are under way at once. */
const changesAtOnce = 8

/**
 * `node writing-process.ts <file> <name> [once]`: changes of one loan, from a process of its own, numbered from 0. It begins at the
 * first line of its input, and goes on until its input ends; or makes one change only.
 */
const [path = "", name = "", only] = process.argv.slice(2)

let isOver = only === "once"
process.stdin.once("end", () => (isOver = true))

const told = Effect.promise(async () => {
  process.stdout.write("ready\n")
  await once(process.stdin, "data")
  process.stdin.resume()
})

const change = (index: number) =>
  say("shared", 1_000 + index, {
    source: "callback",
    evidence: "credentials",
    events: [{ type: "addition.requested", at: 1_000 + index }],
    body: `${name} ${index}`,
    // The other may be faster again and again; then it is said once more, as the bank does.
  }).pipe(Effect.retry({ while: ({ _tag }) => _tag === "StoreUnavailable" }))

let next = 0
const changes = Effect.repeat(
  Effect.suspend(() => change(next++)),
  { until: () => isOver },
)

await onStore(
  path,
  Effect.andThen(
    told,
    only === "once"
      ? change(0)
      : Effect.all(
          Array.from({ length: changesAtOnce }, () => changes),
          { concurrency: "unbounded", discard: true },
        ),
  ),
)
