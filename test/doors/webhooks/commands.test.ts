import { userInfo } from "node:os"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { runCli } from "../cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { tellAll, webhookVariables } from "./callbacks.ts"
import { newFile, receive } from "./files.ts"
import { secret } from "./receiver.ts"
import type { Receiver } from "./receiver.ts"
import { named, scoped, until } from "./support.ts"

const loans = ["A", "B"]

/** A running engine, its receiver, and a command that runs next to it. */
const running = Effect.gen(function* () {
  const receiver = yield* receive()
  const path = newFile()
  const variables = { ...webhookVariables(receiver), LOAN_ENGINE_WEBHOOK_WATCH_EVERY_MS: "50" }
  const engine = yield* Effect.acquireRelease(
    Effect.promise(() => startEngine(path, { ...variables, LOAN_ENGINE_WEBHOOK_POLL_MS: "50" })),
    (started) => Effect.promise(() => started.kill()),
  )
  const settings = {
    ...variables,
    LOAN_ENGINE_DATABASE_URL: path,
    LOAN_ENGINE_PORT: new URL(engine.url).port,
    LOAN_ENGINE_API_KEY: "test",
    LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  }
  const command = (...args: ReadonlyArray<string>) =>
    Effect.promise(async () => {
      const result = await runCli(args, settings)
      for (const text of [result.out, result.err]) expect(text).not.toContain(secret.slice(6))
      return result
    })
  return { receiver, engine, command }
})

/** The result of a command that needs only settings. */
const alone = (receiver: Receiver, ...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    runCli(["webhooks", ...args], { ...webhookVariables(receiver), LOAN_ENGINE_DATABASE_URL: newFile() }),
  )

/** The user who runs the commands, as their log names the user. */
const user = userInfo().username

describe("the commands of webhooks", () => {
  it("send messages again from a position or a time, with the same ids, next to a running engine", () =>
    scoped(
      Effect.gen(function* () {
        const { receiver, engine, command } = yield* running
        for (let at = 1; at <= 2; at++) yield* tellAll(engine, loans, at)
        yield* until(() => expect(receiver.taken).toHaveLength(4))
        const first = [...receiver.taken]
        expect(yield* command("webhooks", "replay", "crm", "--after", "2")).toMatchObject({
          code: 0,
          out: "everything after position 2 is sent to crm again\n",
        })
        yield* until(() => expect(receiver.taken).toHaveLength(6))
        const again = receiver.taken.slice(4)
        const ids = (from: ReadonlyArray<{ readonly id: string }>) => from.map(({ id }) => id).toSorted()
        expect(ids(again)).toEqual(ids(first.filter(({ position }) => position > 2)))

        const since = ["webhooks", "replay", "crm", "--json", "--since"]
        expect((yield* command(...since, "2020-01-01")).out).toBe(
          '{"endpoint":"crm","after":0,"disabled":false}\n',
        )
        yield* until(() => expect(receiver.taken).toHaveLength(10))
        for (const loan of loans) {
          const own = receiver.taken.slice(6).filter(({ reference }) => reference === loan)
          expect(named(own)).toEqual([`${loan}1`, `${loan}2`])
        }
        expect((yield* command(...since, "2120-01-01")).out).toContain('"after":4')
        expect(yield* Effect.promise(() => engine.stop())).toBe(0)
        expect(receiver.taken).toHaveLength(10)
      }),
    ))

  it("show a disabled endpoint, as metrics, log and doctor do, and enable it; no secret is shown", () =>
    scoped(
      Effect.gen(function* () {
        const { receiver, engine, command } = yield* running
        receiver.answer = () => 410
        yield* tellAll(engine, ["A"], 1)
        const metrics = () => fetch(`${engine.url}/metrics`).then((page) => page.text())
        yield* until(async () =>
          expect(await metrics()).toMatch(/loan_engine_webhook_disabled\{endpoint="crm"\} 1/u),
        )
        const page = yield* Effect.promise(metrics)
        expect(page).toMatch(/webhook_deliveries_total\{endpoint="crm",outcome="gone"\} 1/u)
        expect(page).toMatch(/webhook_parked\{endpoint="crm"\} 1/u)
        yield* until(() => expect(engine.written()).toContain("webhooks to crm are disabled"))
        const status = yield* command("webhooks", "status", "--json")
        expect(status.code).toBe(1)
        expect(JSON.parse(status.out)).toMatchObject([
          { endpoint: "crm", state: "disabled", position: 1, behind: 0, parked: 1 },
        ])
        expect(status.err).toContain("loan-engine webhooks enable crm")
        const doctor = yield* command("doctor", "--json")
        expect(JSON.parse(doctor.out)).toContainEqual(
          expect.objectContaining({ name: "webhooks", state: "failed" }),
        )
        receiver.answer = () => 200
        expect(yield* command("webhooks", "replay", "crm", "--after", "0")).toMatchObject({
          out: expect.stringContaining("after you enable it: loan-engine webhooks enable crm"),
          err: expect.stringMatching(new RegExp(`has webhooks sent again.*command line: ${user}`, "u")),
        })
        expect(yield* command("webhooks", "enable", "crm")).toMatchObject({
          code: 0,
          err: expect.stringMatching(new RegExp(`has enabled an endpoint.*command line: ${user}`, "u")),
        })
        yield* until(() => expect(named(receiver.taken)).toEqual(["A1"]))
        yield* until(async () => expect(await metrics()).toMatch(/webhook_disabled\{endpoint="crm"\} 0/u))
        expect(yield* command("webhooks", "status")).toMatchObject({
          code: 0,
          out: expect.stringMatching(/^endpoint +state.*\ncrm +delivering +1 +0 +0 +-\n$/u),
        })
        const shown = yield* command("config", "--json")
        expect(shown.code).toBe(0)
        expect(JSON.parse(shown.out).settings).toContainEqual({
          setting: "LOAN_ENGINE_WEBHOOK_SECRETS",
          value: "(hidden)",
          from: "the environment",
        })
        yield* Effect.promise(() => engine.stop())
        for (const text of [engine.written(), page]) expect(text).not.toContain(secret.slice(6))
      }),
    ))

  it("send a test message, and report whether it was accepted", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        expect(yield* alone(receiver, "test", "crm")).toMatchObject({
          code: 0,
          out: "crm has accepted the message\n",
        })
        expect(receiver.taken).toMatchObject([{ type: "webhook.test" }])
        receiver.answer = () => 302
        expect(yield* alone(receiver, "test", "crm", "--json")).toMatchObject({
          code: 1,
          out: '{"endpoint":"crm","outcome":"refused","why":"HTTP 302"}\n',
        })
        const wrong = { LOAN_ENGINE_WEBHOOK_SECRETS: `crm=whsec_${"A".repeat(32)}` }
        const refused = yield* Effect.promise(() =>
          runCli(["webhooks", "test", "crm"], { ...webhookVariables(receiver), ...wrong }),
        )
        expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("HTTP 401") })
      }),
    ))

  it("make a secret that the settings accept", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        const made = yield* alone(receiver, "secret")
        expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=\n$/u) })
      }),
    ))

  it("report wrong arguments", () =>
    scoped(
      Effect.gen(function* () {
        const { receiver, engine, command } = yield* running
        yield* tellAll(engine, ["A"], 1)
        yield* until(() => expect(receiver.taken).toHaveLength(1))
        const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
          [["replay", "erp", "--after", "0"], "has no endpoint of this name. It has: crm."],
          [["replay", "crm"], "either --after <position> or --since <time>"],
          [["replay", "crm", "--after", "0", "--since", "2026-01-01"], "either --after <position>"],
          [["replay", "crm", "--after", "99"], "crm is at position 1"],
          [["enable", "erp"], "has no endpoint of this name"],
          [["test", "erp"], "has no endpoint of this name"],
        ]
        for (const [args, words] of wrong) {
          expect(yield* command("webhooks", ...args)).toMatchObject({
            code: 2,
            err: expect.stringContaining(words),
          })
        }
        expect((yield* command("webhooks", "replay", "crm", "--after", "-1")).code).toBe(2)
        expect(receiver.heard).toHaveLength(1)
      }),
    ))
})
