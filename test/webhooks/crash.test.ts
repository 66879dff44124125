import { JournalStore } from "@loan-engine/app/journal-store"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { startEngine } from "../slice/engine-process.ts"
import { fileStore, newFile, receive } from "./files.ts"
import { secret } from "./receiver.ts"
import { faultsOf, scoped, until } from "./support.ts"

const kills = 3
const answersEachLife = 17
const loans = ["A", "B", "C", "D", "E"]

const callback = (loan: string, at: number): string =>
  JSON.stringify({
    externalApplicationEvent: {
      applicationReference: loan,
      applicationEventType: "WAITING_FOR_ADDITION",
      requiredDocuments: [`document-${at}`],
    },
  })

/** Every change that a file holds and that is told of: those that are not mere repetitions, and not held. */
const writtenIn = (path: string) =>
  Effect.gen(function* () {
    const journal = yield* JournalStore
    const rows = yield* journal.feed({ after: 0, limit: 100_000 })
    return rows.flatMap(({ text, applicationReference: reference, version }) => {
      const told = ["advanced", "noted", "disputed"].includes(JSON.parse(text).disposition)
      return told ? [{ reference, version }] : []
    })
  }).pipe(Effect.provide(fileStore(path)))

describe("an engine that is killed in the middle of delivering", () => {
  it("leaves out nothing, and keeps each loan's order", () =>
    scoped(
      Effect.gen(function* () {
        const path = newFile()
        const receiver = yield* receive()
        // In each of its lives but the last the engine gets some answers, and then none: it is killed while it waits for them.
        let answersLeft = 0
        receiver.answer = () => (answersLeft-- > 0 ? 200 : "silent")
        const environment = {
          LOAN_ENGINE_WEBHOOK_URLS: `crm=${receiver.url}`,
          LOAN_ENGINE_WEBHOOK_SECRETS: `crm=${secret}`,
        }
        const start = Effect.promise(() => startEngine(path, environment))
        let engine = yield* start
        let at = 0
        for (let kill = 0; kill <= kills; kill++) {
          answersLeft = kill === kills ? Infinity : answersEachLife
          for (let round = 0; round < 8; round++) {
            at++
            const answered = yield* Effect.promise(() =>
              Promise.all(loans.map((loan) => engine.callback(callback(loan, at)))),
            )
            expect(answered.map(({ status }) => status)).toEqual(loans.map(() => 200))
          }
          if (kill === kills) break
          yield* until(() => expect(answersLeft).toBeLessThan(0))
          yield* Effect.promise(() => engine.kill())
          engine = yield* start
        }
        const written = yield* writtenIn(path)
        expect(written.length).toBe(loans.length * 8 * (kills + 1))
        yield* until(() => expect(faultsOf(receiver, written)).toEqual([]))
        expect(yield* Effect.promise(() => engine.stop())).toBe(0)
        expect(receiver.refused).toEqual([])
        expect(engine.written()).not.toContain(secret.slice(6))
      }),
    ))
})
