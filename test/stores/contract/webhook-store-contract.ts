import { LoanEngine } from "@loan-engine/app/record/engine"
import type { LoanStore } from "@loan-engine/app/ports/loan-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { WebhookStore } from "@loan-engine/app/ports/webhook-store"
import type { WebhookRound } from "@loan-engine/app/ports/webhook-store"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"

export interface WebhookStoreUnderTest {
  readonly layer: Layer.Layer<LoanStore | WebhookStore, unknown>
  /** Sets the store's clock. Absent if the store has none. */
  readonly setClock?: (now: number) => Promise<unknown>
}

const a = ApplicationReference.make("A")
const b = ApplicationReference.make("B")
const c = ApplicationReference.make("C")

/** What every store must do for webhook endpoints. Runs on real storage. */
export function webhookStoreContract(
  name: string,
  open: () => WebhookStoreUnderTest | Promise<WebhookStoreUnderTest>,
): void {
  const using = async (
    use: (
      store: WebhookStore["Service"],
      at: (now: number) => Effect.Effect<number>,
      isShared: boolean,
    ) => Effect.Effect<unknown, unknown, LoanEngine>,
  ): Promise<void> => {
    const { layer, setClock } = await open()
    const at = (now: number) =>
      Effect.as(
        Effect.promise(async () => setClock?.(now)),
        now,
      )
    const engine = LoanEngine.layer(cadenceDefaults).pipe(Layer.provideMerge(layer))
    await Effect.runPromise(
      Effect.flatMap(WebhookStore, (store) => use(store, at, setClock !== undefined)).pipe(
        Effect.asVoid,
        Effect.provide(engine),
      ),
    )
  }

  const round = (changes: Partial<WebhookRound>): WebhookRound => ({
    endpoint: "crm",
    owner: "one",
    now: 1_000,
    from: 5,
    to: 9,
    caughtUp: [],
    parked: [],
    disabledWhy: null,
    ...changes,
  })
  const parked = (applicationReference: ApplicationReference, position: number, delayMs: number) => ({
    applicationReference,
    position,
    attempts: 1,
    delayMs,
  })
  const lease = (owner: string, now: number, endpoint = "crm") => ({ endpoint, owner, now, leaseMs: 100 })
  const due = (now: number, limit = 10) => ({ endpoint: "crm", now, aheadMs: 10_000, limit })

  describe(`the webhooks of the ${name} store`, () => {
    it("begin an endpoint once, at its first position", () =>
      using(
        Effect.fnUntraced(function* (store) {
          expect(yield* store.place("crm")).toBeUndefined()
          yield* store.add("crm", 5)
          yield* store.add("crm", 77)
          expect(yield* store.place("crm")).toEqual({
            endpoint: "crm",
            position: 5,
            disabledAt: null,
            disabledWhy: null,
            owner: null,
          })
        }),
      ))

    it("know the newest position", () =>
      using(
        Effect.fnUntraced(function* (store) {
          expect(yield* store.newest).toBe(0)
          const engine = yield* LoanEngine
          const { position } = yield* engine.record(
            {
              applicationReference: a,
              account: AccountName.make("se"),
              source: "callback",
              evidence: "credentials",
              receivedAt: 1,
              events: [],
            },
            new Uint8Array(),
          )
          expect(yield* store.newest).toBe(position)
        }),
      ))

    it("move the position and the waiting messages together, and give a limited number of due messages, the longest due first", () =>
      using(
        Effect.fnUntraced(function* (store, at) {
          yield* store.add("crm", 5)
          yield* store.add("erp", 5)
          yield* at(1_000)
          expect(yield* store.lease(lease("one", 1_000))).toBe(true)
          const parking = { parked: [parked(a, 6, 50), parked(b, 7, 20), parked(c, 9, 9_000)] }
          expect(yield* store.settle(round(parking))).toBe(true)
          expect(yield* store.place("crm")).toMatchObject({ position: 9, owner: "one" })
          expect(yield* store.due(due(yield* at(1_010)))).toEqual([])
          const both = yield* store.due(due(yield* at(1_050)))
          expect(both).toEqual([
            { applicationReference: b, position: 7, attempts: 1 },
            { applicationReference: a, position: 6, attempts: 1 },
          ])
          expect(yield* store.due(due(1_050, 1))).toEqual(both.slice(0, 1))
          expect(yield* store.waiting("crm", [a, c])).toEqual(new Set([a, c]))
          expect(yield* store.waiting("erp", [a, c])).toEqual(new Set())
          const next = { from: 9, to: 9, caughtUp: [b], parked: [{ ...parked(a, 8, 10), attempts: 2 }] }
          expect(yield* store.settle(round({ ...next, now: 1_050 }))).toBe(true)
          expect(yield* store.due(due(yield* at(1_060)))).toEqual([
            { applicationReference: a, position: 8, attempts: 2 },
          ])
          expect(yield* store.states).toMatchObject([
            { endpoint: "crm", parked: 2, nextDueAt: 1_060 },
            { endpoint: "erp", parked: 0, nextDueAt: null, position: 5 },
          ])
        }),
      ))

    it("end a wait or a lease that a wrong clock has made too long", () =>
      using(
        Effect.fnUntraced(function* (store, at, isShared) {
          yield* store.add("crm", 5)
          const yearMs = 365 * 86_400_000
          const wrong = yield* at(1_000 + yearMs)
          expect(yield* store.lease(lease("one", wrong))).toBe(true)
          expect(yield* store.settle(round({ now: wrong, parked: [parked(a, 6, 50)] }))).toBe(true)
          const now = yield* at(1_000)
          expect(yield* store.due(due(now))).toEqual([{ applicationReference: a, position: 6, attempts: 1 }])
          expect(yield* store.lease(lease("two", now))).toBe(true)
          if (isShared) expect(yield* store.lease(lease("one", now))).toBe(false)
        }),
      ))

    it("store nothing of a round whose endpoint has moved or has another owner", () =>
      using(
        Effect.fnUntraced(function* (store) {
          yield* store.add("crm", 5)
          yield* store.lease(lease("one", 1_000))
          const late = { parked: [parked(a, 6, 0)], disabledWhy: "late" }
          expect(yield* store.settle(round({ ...late, from: 4 }))).toBe(false)
          expect(yield* store.settle(round({ ...late, owner: "two" }))).toBe(false)
          expect(yield* store.settle(round({ ...late, endpoint: "erp" }))).toBe(false)
          expect(yield* store.states).toMatchObject([{ position: 5, parked: 0, disabledAt: null }])
          expect(yield* store.settle(round({}))).toBe(true)
        }),
      ))

    it("disable an endpoint, and enable it with all waiting messages due at once and no attempts counted", () =>
      using(
        Effect.fnUntraced(function* (store, at) {
          yield* store.add("crm", 5)
          yield* at(1_000)
          yield* store.lease(lease("one", 1_000))
          yield* store.settle(round({ parked: [parked(a, 6, 90_000)], disabledWhy: "gone" }))
          expect(yield* store.place("crm")).toMatchObject({ disabledAt: 1_000, disabledWhy: "gone" })
          // This round began before the endpoint was disabled, so its outcome does not count.
          yield* store.settle(round({ from: 9, to: 10, now: 1_001 }))
          expect(yield* store.place("crm")).toMatchObject({ disabledAt: 1_000, disabledWhy: "gone" })
          yield* store.enable("crm", yield* at(2_000))
          expect(yield* store.place("crm")).toMatchObject({
            position: 10,
            disabledAt: null,
            disabledWhy: null,
          })
          expect(yield* store.due(due(2_000))).toEqual([
            { applicationReference: a, position: 6, attempts: 0 },
          ])
        }),
      ))

    it("move an endpoint back but never forward, and keep the messages that waited before", () =>
      using(
        Effect.fnUntraced(function* (store) {
          yield* store.add("crm", 5)
          yield* store.lease(lease("one", 1_000))
          yield* store.settle(round({ parked: [parked(a, 6, 0), parked(b, 8, 0)] }))
          yield* store.rewind("crm", 10)
          expect(yield* store.states).toMatchObject([{ position: 9, parked: 2 }])
          yield* store.rewind("crm", 7)
          expect(yield* store.states).toMatchObject([{ position: 7, parked: 1 }])
          expect(yield* store.waiting("crm", [a, b])).toEqual(new Set([a]))
          // This round began before the endpoint moved to another place.
          expect(yield* store.settle(round({ from: 9, to: 12 }))).toBe(false)
        }),
      ))

    it("have one owner at a time among several engines, until it releases them or its lease ends", () =>
      using(
        Effect.fnUntraced(function* (store, at, isShared) {
          yield* store.add("crm", 5)
          expect(yield* store.lease(lease("one", yield* at(1_000)))).toBe(true)
          expect(yield* store.lease(lease("one", yield* at(1_050)))).toBe(true)
          expect(yield* store.lease(lease("two", yield* at(1_149), "erp"))).toBe(false)
          if (isShared) expect(yield* store.lease(lease("two", 1_149))).toBe(false)
          expect(yield* store.lease(lease("two", yield* at(1_150)))).toBe(true)
          expect(yield* store.settle(round({}))).toBe(false)
          yield* store.release("crm", "one")
          expect(yield* store.place("crm")).toMatchObject({ owner: "two" })
          yield* store.release("crm", "two")
          expect(yield* store.place("crm")).toMatchObject({ owner: null })
          expect(yield* store.lease(lease("one", 1_150))).toBe(true)
        }),
      ))
  })
}
