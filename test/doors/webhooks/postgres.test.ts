import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { Effect, Fiber, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { query, session, startPostgres } from "../../stores/postgres/server.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { tellAll, webhookVariables, writtenIn } from "./callbacks.ts"
import { receive } from "./files.ts"
import type { StoreLayer } from "./support.ts"
import { faultsOf, named, news, openEngine, scoped, until } from "./support.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const store = (url: string): StoreLayer => layerPostgres({ ...postgresDefaults, url: Redacted.make(url) })

const ownerIn = async (url: string): Promise<unknown> =>
  (await query(url, "SELECT lease_owner FROM loan_engine.webhook_endpoints"))[0]?.["lease_owner"]

/** How many journal rows the endpoint has not received yet, and how many loans wait. */
const leftIn = async (url: string): Promise<number> => {
  const [row] = await query(
    url,
    `SELECT (SELECT count(*) FROM loan_engine.webhook_parked)::int
       + (SELECT count(*) FROM loan_engine.journal j, loan_engine.webhook_endpoints e WHERE j.position > e.position)::int
       AS left_over`,
  )
  return Number(row?.["left_over"])
}

/**
 * An engine process on the database. A receiver has one second to answer. After four seconds another engine takes
 * over.
 */
const startOn = (url: string, variables: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      startEngine(url, {
        LOAN_ENGINE_WEBHOOK_REQUEST_MS_MAX: "1000",
        LOAN_ENGINE_WEBHOOK_LEASE_MS: "4000",
        LOAN_ENGINE_WEBHOOK_POLL_MS: "100",
        ...variables,
      }),
    ),
    (engine) => Effect.promise(() => engine.kill()),
  )

const loans = ["A", "B", "C", "D", "E"]

/**
 * Two engines and a receiver. The first engine delivers; the receiver answers seven times and then stops answering.
 */
const twoEngines = Effect.gen(function* () {
  const url = yield* Effect.promise(() => server.newDatabase())
  const receiver = yield* receive()
  let answersLeft = 7
  receiver.answer = () => (answersLeft-- > 0 ? 200 : "silent")
  const first = yield* startOn(url, webhookVariables(receiver))
  yield* until(async () => expect(await ownerIn(url)).toEqual(expect.any(String)))
  const owner = yield* Effect.promise(() => ownerIn(url))
  const second = yield* startOn(url, webhookVariables(receiver))
  const fallsSilent = until(() => expect(answersLeft).toBeLessThan(0))
  const speaksAgain = (): void => void (answersLeft = Infinity)
  return { url, receiver, first, owner, second, fallsSilent, speaksAgain }
})

describe("two engines on one PostgreSQL", () => {
  it("send an endpoint everything that both record, one engine at a time; a stop hands over at once", () =>
    scoped(
      Effect.gen(function* () {
        const url = yield* Effect.promise(() => server.newDatabase())
        const receiver = yield* receive()
        const written: Array<{ reference: string; version: number }> = []
        const one = yield* openEngine(store(url), [receiver])
        yield* Effect.scoped(
          Effect.gen(function* () {
            const two = yield* openEngine(store(url), [receiver])
            for (let at = 1; at <= 30; at++) {
              const { loan } = yield* (at % 2 === 0 ? one : two).tell(`L${at % 3}-`, news(at))
              written.push({ reference: loan.applicationReference, version: loan.version })
            }
            yield* until(() => expect(receiver.taken).toHaveLength(30))
          }),
        )
        expect(yield* Effect.promise(() => ownerIn(url))).not.toBeNull()
        const { loan } = yield* one.tell("L1-", news(31))
        written.push({ reference: loan.applicationReference, version: loan.version })
        yield* until(() => expect(receiver.taken).toHaveLength(31))
        // Each message arrived once: no engine sent a message that the other had sent.
        expect(new Set(named(receiver.heard)).size).toBe(receiver.heard.length)
        expect(faultsOf(receiver, written)).toEqual([])
      }),
    ))

  it("take over from one that is killed while it delivers, and leave nothing out", () =>
    scoped(
      Effect.gen(function* () {
        const { url, receiver, first, owner, second, fallsSilent, speaksAgain } = yield* twoEngines
        for (let at = 1; at <= 6; at++) yield* tellAll(at % 2 === 0 ? first : second, loans, at)
        yield* fallsSilent
        yield* Effect.promise(() => first.kill())
        speaksAgain()
        for (let at = 7; at <= 9; at++) yield* tellAll(second, loans, at)
        const written = yield* writtenIn(store(url))
        expect(written).toHaveLength(45)
        yield* until(() => expect(faultsOf(receiver, written)).toEqual([]))
        expect(yield* Effect.promise(() => ownerIn(url))).not.toBe(owner)
        expect(yield* Effect.promise(() => second.stop())).toBe(0)
        expect(yield* Effect.promise(() => ownerIn(url))).toBeNull()
      }),
    ))

  it("take over from an engine that hangs, which then neither stores nor sends its started messages", () =>
    scoped(
      Effect.gen(function* () {
        const { url, receiver, first, owner, second, fallsSilent, speaksAgain } = yield* twoEngines
        for (let at = 1; at <= 6; at++) yield* tellAll(second, loans, at)
        yield* fallsSilent
        process.kill(first.pid, "SIGSTOP")
        speaksAgain()
        const written = yield* writtenIn(store(url))
        yield* until(() => expect(faultsOf(receiver, written)).toEqual([]))
        expect(yield* Effect.promise(() => ownerIn(url))).not.toBe(owner)
        // By then the messages that the first engine had sent but not stored have arrived again.
        yield* until(async () => expect(await leftIn(url)).toBe(0))
        const heard = receiver.heard.length
        process.kill(first.pid, "SIGCONT")
        for (let at = 7; at <= 9; at++) yield* tellAll(first, loans, at)
        const all = yield* writtenIn(store(url))
        expect(all).toHaveLength(45)
        yield* until(() => expect(faultsOf(receiver, all)).toEqual([]))
        // Every later message is new. The only exception is a request that began when the engine stopped. The engine
        // that takes over sends no old message.
        const ofOld = receiver.heard.slice(heard).filter(({ version }) => version <= 6)
        expect(new Set(ofOld.map(({ reference }) => reference)).size).toBe(ofOld.length)
        for (const engine of [first, second]) expect(yield* Effect.promise(() => engine.stop())).toBe(0)
      }),
    ))
})

describe("a replay during the storing of a round", () => {
  it("also forgets the waiting messages of that round, so that all are sent again", () =>
    scoped(
      Effect.gen(function* () {
        const url = yield* Effect.promise(() => server.newDatabase())
        const { webhooks } = yield* openEngine(store(url), [])
        yield* webhooks.add("crm", 100)
        const round = yield* session(url)
        yield* round.query("BEGIN")
        yield* round.query("UPDATE loan_engine.webhook_endpoints SET position = 200 WHERE name = 'crm'")
        yield* round.query(`
          INSERT INTO loan_engine.webhook_parked (application_reference, endpoint, position, attempts, due_at)
          VALUES ('A', 'crm', 150, 1, 0)`)
        const replay = yield* Effect.forkChild(webhooks.rewind("crm", 50))
        yield* until(async () => {
          const waiting =
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
          expect(await query(url, waiting)).toHaveLength(1)
        })
        yield* round.query("COMMIT")
        yield* Fiber.join(replay)
        expect(yield* webhooks.states).toMatchObject([{ position: 50, parked: 0, owner: null }])
      }),
    ))
})
