import type { StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { positionsPerTransaction } from "@loan-engine/app/store/feed-positions"
import { Effect, Exit, Fiber, Schedule } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { additionAt, openEngine, reference, scoped, signedAt } from "../engines.ts"
import type { PostgresServer } from "../server.ts"
import { testMsMax } from "../../../patience.ts"
import { startEngine } from "../../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../../whole/slice/engine-process.ts"
import { query, session, startPostgres, until } from "../server.ts"
import { runCli } from "../../../doors/cli/run-cli.ts"
import { textsOf } from "../../bodies.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const impatient = {
  databaseConnectionsMax: 2,
  databaseConnectionWaitMsMax: 1_000,
  databaseLockMsMax: 300,
  databaseStatementMsMax: 600,
}

/** A time longer than any test, for limits that must not take effect. */
const neverMs = 2 * testMsMax

/** Expects that the store is unavailable, and gives the reason. */
const unavailable = <A>(effect: Effect.Effect<A, StoreUnavailable>) =>
  Effect.map(Effect.flip(effect), (error) => {
    expect(error._tag).toBe("StoreUnavailable")
    return error.message
  })

/**
 * Repeats an effect while the store is unavailable. On a busy machine, such short limits can also end operations that
 * are fine.
 */
const atLast = <A>(effect: Effect.Effect<A, StoreUnavailable>) =>
  Effect.orDie(
    Effect.retry(effect, { schedule: Schedule.spaced(20), while: ({ _tag }) => _tag === "StoreUnavailable" }),
  )

const terminateAll = (url: string) =>
  query(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loan-engine' AND datname = current_database()",
  )

describe("the PostgreSQL store is unavailable, within its timeouts and until the cause is gone,", () => {
  it("when all its connections are in use, and when a lock is not available", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, { ...impatient, databaseStatementMsMax: neverMs })
        yield* atLast(engine.record("A", signedAt(1), "a"))
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("LOCK TABLE loan_engine.loans IN ACCESS EXCLUSIVE MODE")
        const reasons = yield* Effect.forEach(
          Array.from({ length: 24 }, () => engine.loans.load(reference("A"))),
          unavailable,
          { concurrency: "unbounded" },
        )
        expect(reasons.filter((reason) => reason.includes("connections was free"))).not.toEqual([])
        expect(reasons.filter((reason) => reason.includes("lock timeout"))).not.toEqual([])
        yield* unavailable(engine.record("A", additionAt(2), "b"))
        yield* other.query("COMMIT")
        expect((yield* atLast(engine.record("A", additionAt(2), "b"))).loan.version).toBe(2)
      }),
    )
  })

  it("when a statement takes too long", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, { ...impatient, databaseLockMsMax: neverMs })
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("LOCK TABLE loan_engine.loans IN ACCESS EXCLUSIVE MODE")
        expect(yield* unavailable(engine.loans.load(reference("A")))).toContain("statement timeout")
        yield* other.query("COMMIT")
        expect(yield* atLast(engine.loans.load(reference("A")))).toBeUndefined()
      }),
    )
  })

  it("when its synchronous standby is away: it is not ready", async () => {
    const url = await server.newDatabase()
    const standbys = (names: string) =>
      Effect.promise(async () => {
        await query(url, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`)
        await query(url, "SELECT pg_reload_conf()")
      })
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, { ...impatient, databaseConnectionsMax: 4 })
        yield* atLast(engine.loans.ready)
        yield* Effect.acquireRelease(standbys("nobody"), () => standbys(""))
        // Each session sees the new setting at a different time.
        yield* until(async () => Exit.isFailure(await Effect.runPromiseExit(engine.loans.ready)))
        yield* standbys("")
        yield* atLast(engine.loans.ready)
      }),
    )
  })

  it("when a lock blocks only the journal: it is not ready", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, { ...impatient, databaseStatementMsMax: neverMs })
        yield* atLast(engine.loans.ready)
        expect((yield* atLast(engine.record("A", signedAt(1), "a"))).loan.version).toBe(1)
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("LOCK TABLE loan_engine.journal IN EXCLUSIVE MODE")
        yield* unavailable(engine.record("B", signedAt(2), "b"))
        expect(yield* unavailable(engine.loans.ready)).toContain("lock timeout")
        yield* other.query("COMMIT")
        yield* atLast(engine.loans.ready)
        const [left] = yield* Effect.promise(() =>
          query(
            url,
            "SELECT count(*)::int AS probes FROM loan_engine.loans WHERE application_reference LIKE ' %'",
          ),
        )
        expect(left).toEqual({ probes: 0 })
      }),
    )
  })

  it.each([0, 1, 2, 3])(
    "when a lock blocks partition %d of the loans or of the journal: it is not ready",
    async (part) => {
      const url = await server.newDatabase()
      for (const table of [`loans_${part}`, `journal_${part}`]) {
        await scoped(
          Effect.gen(function* () {
            const engine = yield* openEngine(url, { ...impatient, databaseStatementMsMax: neverMs })
            const other = yield* session(url)
            yield* other.query("BEGIN")
            yield* other.query(`LOCK TABLE loan_engine.${table} IN EXCLUSIVE MODE`)
            expect(yield* unavailable(engine.loans.ready)).toContain("lock timeout")
            yield* other.query("COMMIT")
            yield* atLast(engine.loans.ready)
          }),
        )
      }
    },
  )

  it("but not when its transactions cannot be serialized: each is retried until it succeeds", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, impatient)
        yield* atLast(engine.loans.ready)
        const other = yield* session(url)
        // PostgreSQL does not roll back a sequence. So it counts the failures although nothing else is written.
        yield* other.query("CREATE SEQUENCE tries")
        yield* other.query(
          `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             CASE nextval('tries')
               WHEN 1, 2, 3 THEN RAISE SQLSTATE '40001';
               WHEN 4, 5 THEN RAISE SQLSTATE '40P01';
               ELSE RETURN NEW;
             END CASE;
           END $$`,
          [],
          false,
        )
        yield* other.query(
          "CREATE TRIGGER refuse BEFORE INSERT ON loan_engine.journal FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        expect((yield* engine.record("A", signedAt(1), "a")).loan.version).toBe(1)
        const [tries] = yield* Effect.promise(() => query(url, "SELECT last_value::int AS last FROM tries"))
        expect(tries).toEqual({ last: 6 })
      }),
    )
  })

  it("when a server acknowledges data that are not on its disk", async () => {
    const url = await server.newDatabase()
    const database = new URL(url).pathname.slice(1)
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, impatient)
        yield* atLast(engine.record("A", signedAt(1), "a"))
        yield* Effect.promise(() => query(url, `ALTER DATABASE ${database} SET synchronous_commit = off`))
        yield* Effect.promise(() => terminateAll(url))
        yield* until(async () => {
          const reason = await Effect.runPromise(unavailable(engine.record("A", additionAt(2), "b")))
          return reason.includes("synchronous_commit is off")
        })
        yield* Effect.promise(() => query(url, `ALTER DATABASE ${database} RESET synchronous_commit`))
        expect((yield* atLast(engine.record("A", additionAt(2), "b"))).loan.version).toBe(2)
      }),
    )
  })

  it("for the one loan that another transaction inserts, and not for others", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, { databaseLockMsMax: impatient.databaseLockMsMax })
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query(`
          INSERT INTO loan_engine.loans (application_reference, account, version, stage, snapshot, chain_head, poll_attempts,
            poll_confirm, stalled) VALUES ('opening', 'default', 1, 'signed', '{}', '', 0, false, false)`)
        const [opening, ...others] = yield* Effect.forEach(
          ["opening", "a", "b"],
          (name) => Effect.result(engine.record(name, signedAt(1), name)),
          { concurrency: "unbounded" },
        )
        expect(others.map(({ _tag }) => _tag)).toEqual(["Success", "Success"])
        expect(opening).toMatchObject({ _tag: "Failure", failure: { _tag: "StoreUnavailable" } })
        yield* other.query("ROLLBACK")
        expect((yield* atLast(engine.record("opening", signedAt(1), "opening"))).loan.version).toBe(1)
      }),
    )
  })

  it("when the server hangs", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, { ...impatient, databaseConnectMsMax: 5_000 })
        yield* atLast(engine.record("A", signedAt(1), "a"))
        yield* Effect.acquireUseRelease(
          Effect.promise(() => server.freeze()),
          () => unavailable(engine.loans.load(reference("A"))),
          (goOn) => Effect.sync(goOn),
        )
        yield* atLast(engine.loans.load(reference("A")))
      }),
    )
  })

  it("when it is shut down, and is available again when the server is", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url, impatient)
        yield* atLast(engine.record("A", signedAt(1), "a"))
        yield* Effect.promise(() => server.stop())
        yield* unavailable(engine.record("A", additionAt(2), "b"))
        yield* unavailable(engine.loans.ready)
        yield* Effect.promise(() => server.start())
        yield* atLast(engine.loans.ready)
        expect((yield* atLast(engine.record("A", additionAt(2), "b"))).loan.version).toBe(2)
      }),
    )
  })

  it("when its sessions are ended under load: acknowledged callbacks are there once, and the engine continues", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        const acknowledged = new Set<string>()
        let number = 0
        const load = Effect.gen(function* () {
          const body = `body ${number++}`
          const exit = yield* Effect.exit(engine.record(`loan-${number % 7}`, additionAt(number), body))
          if (Exit.isSuccess(exit)) acknowledged.add(body)
          else expect(Exit.hasFails(exit) && !Exit.hasDies(exit)).toBe(true)
        })
        const loads = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 20 }), () => Effect.forever(load), {
            concurrency: "unbounded",
          }),
        )
        for (let kills = 0; kills < 5; kills++) {
          const before = acknowledged.size
          yield* until(async () => acknowledged.size > before + 20)
          yield* Effect.promise(() => terminateAll(url))
        }
        yield* until(async () => acknowledged.size > 150)
        yield* Fiber.interrupt(loads)
        const bodies = new Map<string, number>()
        for (let index = 0; index < 7; index++) {
          const entries = yield* engine.loans.history(reference(`loan-${index}`))
          entries.forEach((entry, at) => expect(entry.previousHash).toBe(entries[at - 1]?.hash ?? ""))
          for (const body of yield* textsOf(engine.journal, `loan-${index}`)) {
            bodies.set(body, (bodies.get(body) ?? 0) + 1)
          }
        }
        expect([...acknowledged].filter((body) => bodies.get(body) !== 1)).toEqual([])
        expect(Math.max(...bodies.values())).toBe(1)
      }),
    )
  })
})

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

/** Delays every commit that adds to the journal, as a slow disk does. The table has the length of the delay. */
const slowCommits = [
  "CREATE TABLE slowness (seconds float NOT NULL)",
  "INSERT INTO slowness VALUES (0)",
  `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep((SELECT seconds FROM public.slowness)); RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON loan_engine.journal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.slow()`,
]

/** How many records wait for a commit that has not begun. */
const waitingIn = async ({ url }: EngineProcess): Promise<number> => {
  const page = await (await fetch(`${url}/metrics`)).text()
  return Number(/^loan_engine_store_queue_depth (\d+)/mu.exec(page)?.[1])
}

describe("an engine whose database blocks answers 503, and continues by itself,", () => {
  it.each([
    [
      "when its few connections are all held by a lock",
      "LOCK TABLE loan_engine.loans IN ACCESS EXCLUSIVE MODE",
    ],
    ["when a commit takes longer than it may", undefined],
  ] as const)("%s", async (_, lock) => {
    const url = await server.newDatabase()
    const engine = await startEngine(url, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_DATABASE_CONNECTIONS_MAX: "2",
      LOAN_ENGINE_DATABASE_CONNECTION_WAIT_MS_MAX: "500",
      LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX: "500",
      LOAN_ENGINE_DATABASE_LOCK_MS_MAX: String(neverMs),
    })
    for (const statement of slowCommits) await query(url, statement)
    const call = async (number: number) => {
      const { status, headers } = await engine.callback(signed(`loan-${number}`))
      return { status, mayRetry: headers.has("retry-after") }
    }
    // Repeats a callback that was answered 503, as the bank does.
    const taken = (number: number) =>
      Effect.runPromise(until(async () => (await call(number)).status === 200))
    const callMany = (from: number) =>
      Promise.all(Array.from({ length: 30 }, (__, index) => taken(from + index)))
    await callMany(0)

    await scoped(
      Effect.gen(function* () {
        const other = yield* session(url)
        if (lock === undefined) yield* other.query(`UPDATE slowness SET seconds = ${neverMs / 1_000}`)
        else yield* Effect.forEach(["BEGIN", lock], (statement) => other.query(statement))
        const held = yield* Effect.promise(
          async () =>
            [
              await Promise.all(Array.from({ length: 30 }, (__, number) => call(100 + number))),
              await engine.api("GET", "/health/live"),
            ] as const,
        )
        expect(new Set(held[0].map(({ status, mayRetry }) => `${status} ${mayRetry}`))).toEqual(
          new Set(["503 true"]),
        )
        expect(held[1].status).toBe(200)
        yield* other.query(lock === undefined ? "UPDATE slowness SET seconds = 0" : "COMMIT")
      }),
    )
    await Promise.all([callMany(0), callMany(100)])
    // A callback that was answered 503 and repeated is in the journal only once.
    const twice = await query(
      url,
      "SELECT application_reference FROM loan_engine.journal GROUP BY application_reference HAVING count(*) > 1",
    )
    expect(twice).toEqual([])
    expect(await engine.stop()).toBe(0)
  })

  it("but slow commits are answered 200, many together", async () => {
    const url = await server.newDatabase()
    const engine = await startEngine(url, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_DATABASE_LOCK_MS_MAX: String(neverMs),
      LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX: String(neverMs),
      // The first commit must not include all records. On a slow machine, all may arrive before it begins.
      LOAN_ENGINE_TRANSACTION_UPDATES_MAX: "15",
    })
    const answering = await scoped(
      Effect.gen(function* () {
        // The lock delays the first commit until all others wait.
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("LOCK TABLE loan_engine.journal IN EXCLUSIVE MODE")
        const sent = Array.from({ length: 60 }, (__, number) => engine.callback(signed(`slow-${number}`)))
        yield* until(async () => (await waitingIn(engine)) > 40)
        yield* other.query("COMMIT")
        return { sent }
      }),
    )
    const answers = await Promise.all(answering.sent)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const [row] = await query(
      url,
      `SELECT count(DISTINCT position / ${positionsPerTransaction})::int AS transactions FROM loan_engine.journal`,
    )
    expect(row?.["transactions"]).toBeLessThan(30)
    expect(await engine.stop()).toBe(0)
  })
})

describe("an engine whose database freezes", () => {
  it("is not ready and answers 503, log and doctor say why, and it continues when the database does", async () => {
    const url = await server.newDatabase()
    const brief = {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_READY_MS_MAX: "200",
      LOAN_ENGINE_DATABASE_CONNECT_MS_MAX: "1000",
      LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX: "1000",
      LOAN_ENGINE_DATABASE_CONNECTION_WAIT_MS_MAX: "1000",
    }
    const engine = await startEngine(url, brief)
    const ready = () => engine.api("GET", "/health/ready")
    const taken = async (loan: string) => (await engine.callback(signed(loan))).status
    await Effect.runPromise(until(async () => (await taken("A")) === 200))
    await Effect.runPromise(until(async () => (await ready()).ok))
    const thaw = await server.freeze()
    try {
      const refused = await engine.callback(signed("B"))
      expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true])
      const unready = await ready()
      expect([unready.status, await unready.json()]).toMatchObject([503, { checks: { store: "slow" } }])
      expect(engine.written()).toContain("answered 503")
      const { out, code } = await runCli(["doctor", "--json"], {
        ...brief,
        LOAN_ENGINE_DATABASE_URL: url,
        LOAN_ENGINE_PORT: new URL(engine.url).port,
      })
      expect(code).toBeGreaterThan(0)
      expect(JSON.parse(out)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: "store", state: "failed" }),
          expect.objectContaining({ name: "engine", state: "failed" }),
        ]),
      )
    } finally {
      thaw()
    }
    await Effect.runPromise(until(async () => (await taken("B")) === 200))
    await Effect.runPromise(until(async () => (await ready()).ok))
    expect(await engine.stop()).toBe(0)
  })

  it("still stops", async () => {
    const url = await server.newDatabase()
    const engine = await startEngine(url, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX: "500",
      LOAN_ENGINE_DATABASE_CONNECTION_WAIT_MS_MAX: "500",
    })
    await Effect.runPromise(until(async () => (await engine.callback(signed("A"))).status === 200))
    const sessions =
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    await Effect.runPromise(
      until(async () => (await query(url, `${sessions} AND query LIKE 'LISTEN%'`)).length === 1),
    )
    const thaw = await server.freeze()
    try {
      expect(await engine.stop()).toBe(0)
    } finally {
      thaw()
    }
  })
})
