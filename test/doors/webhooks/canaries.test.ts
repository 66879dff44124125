import { WebhookStore } from "@loan-engine/app/ports/webhook-store"
import { Context, Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fileStore, receive } from "./files.ts"
import type { StoreLayer } from "./support.ts"
import { faultsOf, news, openEngine, scoped, until } from "./support.ts"

type Store = WebhookStore["Service"]

/** A store with one defect. */
const broken = (breaking: (store: Store) => Partial<Store>): StoreLayer =>
  Layer.effectContext(
    Effect.map(Layer.build(fileStore()), (context) => {
      const store = Context.get(context, WebhookStore)
      return Context.add(context, WebhookStore, { ...store, ...breaking(store) })
    }),
  )

const ways: ReadonlyArray<
  readonly [string, ((store: Store) => Partial<Store>) | undefined, RegExp | undefined]
> = [
  ["nothing", undefined, undefined],
  [
    "that a waiting loan holds back its later messages",
    () => ({ waiting: () => Effect.succeed(new Set()) }),
    /came late/u,
  ],
  [
    "that a failed message waits",
    (store) => ({ settle: (round) => store.settle({ ...round, parked: [] }) }),
    /is missing/u,
  ],
  [
    "that the position moves only as far as the feed was read",
    (store) => ({
      settle: (round) => store.settle({ ...round, to: round.to > round.from ? round.to + 1 : round.to }),
    }),
    /is missing/u,
  ],
]

/**
 * Runs four loans whose webhook messages sometimes fail. The result lists what is wrong with the messages that the
 * receiver accepted.
 */
const lived = (store: StoreLayer) =>
  scoped(
    Effect.gen(function* () {
      const receiver = yield* receive()
      let count = 0
      receiver.answer = () => (count++ % 3 === 0 ? 500 : 200)
      const { tell, webhooks } = yield* openEngine(store, [receiver], { webhookPageRowsMax: 3 })
      const written: Array<{ reference: string; version: number }> = []
      for (let at = 1; at <= 24; at++) {
        const { loan } = yield* tell(`L${at % 4}-`, news(at))
        written.push({ reference: loan.applicationReference, version: loan.version })
        if (at % 6 === 0) yield* until(() => expect(receiver.heard.length).toBeGreaterThan(at / 6))
      }
      const newest = yield* webhooks.newest
      const state = () => Effect.runPromise(Effect.map(webhooks.states, ([first]) => first))
      yield* until(async () => expect((await state())?.position).toBeGreaterThanOrEqual(newest))
      receiver.answer = () => 200
      yield* webhooks.enable("crm", 0)
      yield* until(async () => expect(await state()).toMatchObject({ parked: 0 }))
      return faultsOf(receiver, written)
    }),
  )

describe("a replay in the middle of a round", () => {
  it("ends the round, which could otherwise send a later message before a waiting one", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        receiver.answer = () => 500
        let isArmed = false
        const replaying = broken((store) => ({
          waiting: (endpoint, references) =>
            Effect.andThen(
              Effect.suspend(() => {
                if (!isArmed) return Effect.void
                isArmed = false
                return store.rewind(endpoint, 0)
              }),
              store.waiting(endpoint, references),
            ),
        }))
        const { tell, webhooks } = yield* openEngine(replaying, [receiver])
        const written: Array<{ reference: string; version: number }> = []
        const say = Effect.fnUntraced(function* (at: number) {
          const { loan } = yield* tell("A", news(at))
          written.push({ reference: loan.applicationReference, version: loan.version })
        })
        yield* say(1)
        yield* until(async () => {
          const [state] = await Effect.runPromise(webhooks.states)
          expect(state).toMatchObject({ parked: 1 })
        })
        receiver.answer = () => 200
        isArmed = true
        yield* say(2)
        yield* until(() => expect(receiver.taken).toHaveLength(2))
        expect(isArmed).toBe(false)
        expect(faultsOf(receiver, written)).toEqual([])
      }),
    ))
})

describe("the judge of deliveries", () => {
  it.each(ways)("notices when webhooks forget %s", async (_, breaking, finding) => {
    const faults = await lived(breaking === undefined ? fileStore() : broken(breaking))
    if (finding === undefined) expect(faults).toEqual([])
    else expect(faults.join("\n")).toMatch(finding)
  })
})
