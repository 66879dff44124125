import { bodiesOf } from "../../stores/bodies.ts"
import type { SigningKeys } from "@loan-engine/app/sandbox/callback-sender"
import { makeSandboxBank, truth } from "@loan-engine/app/sandbox/sandbox-bank"
import type { SandboxBank, SandboxSettings } from "@loan-engine/app/sandbox/sandbox-bank"
import { Cause, Effect } from "effect"
import type { Scope } from "effect"
import { accounts, callbackUrl } from "./accounts.ts"
import { makeAdversary } from "./mishaps/adversary.ts"
import type { StolenSignatures } from "./mishaps/adversary.ts"
import { makeBankLives } from "./bank-lives.ts"
import { makeCallbackRoad } from "./mishaps/callback-road.ts"
import type { InspectedLoan } from "./checkers/inspected.ts"
import { makeEngineHost } from "./engine-host.ts"
import type { EngineHost, Running } from "./engine-host.ts"
import type { EngineParts } from "./engine-process.ts"
import type { FaultLevel } from "./mishaps/faults.ts"
import { makeNetwork } from "./mishaps/network.ts"
import { makeMerchant, makeOperator } from "./people.ts"
import { makeWeather } from "./mishaps/weather.ts"
import type { Witness } from "./witness.ts"
import { dayMs, hourMs, minuteMs } from "./world.ts"
import type { World } from "./world.ts"

/** The bank's keys, and the signatures that a forger could get. */
export interface Signing {
  readonly keys: SigningKeys
  readonly stolen: StolenSignatures
}

export interface WholeSystem {
  readonly world: World
  readonly witness: Witness
  readonly signing: Signing
  readonly loans: number
  readonly days: number
  readonly faults: FaultLevel
  readonly parts: Partial<EngineParts>
}

/**
 * How long the world is calm before the checks. It is longer than the longest interval between two polls of a loan.
 */
const calmMs = 9 * dayMs

/** Runs the days with faults and then the calm days. At the end it reads the store. */
export const liveThrough = Effect.fnUntraced(function* (system: WholeSystem) {
  const { world, witness, loans, days } = system
  const scope = yield* Effect.scope
  const troubles: Array<unknown> = []
  /** Runs an effect in the background. A defect of the simulation itself must not look like a quiet day. */
  const leave = (effect: Effect.Effect<unknown>): Effect.Effect<void> =>
    effect.pipe(
      Effect.catchCause((cause) =>
        Effect.sync(() => {
          if (!Cause.hasInterruptsOnly(cause)) troubles.push(Cause.squash(cause))
        }),
      ),
      Effect.forkIn(scope),
      Effect.asVoid,
    )
  const { bank, host, lives, apply } = yield* build(system, leave)
  yield* leave(applications(loans, days, (reference) => leave(apply(reference))))
  yield* Effect.sleep(days * dayMs)
  world.calmDown()
  lives.freeze()
  world.tell(() => "the faults are over, and nothing more happens at the bank")
  yield* Effect.sleep(calmMs)
  yield* askOnceMore(yield* host.up, world.engineNow())
  yield* Effect.sleep(finalPollMs)
  if (troubles.length > 0) return yield* Effect.die(troubles[0])
  const stored = yield* readAll(yield* host.up)
  const books = truth(bank).map((known) => ({ ...known, ...bookOf(bank, known.applicationReference) }))
  const isEverythingTold = system.faults === "none"
  return { loans: stored, truth: books, witness, isEverythingTold, crashes: host.crashes() }
}, Effect.orDie)

/** What the bank knows and no poll contains. Only callbacks report it, at the right time. */
function bookOf(bank: SandboxBank, applicationReference: string) {
  const { documents = [], signedOffer = null } = bank.loans.get(applicationReference) ?? {}
  return { documents, signedOffer }
}

/** How long the final polls may take. */
const finalPollMs = 2 * hourMs

/**
 * Polls once more for the loans whose end the bank has confirmed. If a callback that re-opened such a loan was lost,
 * only this poll can report it.
 */
const askOnceMore = Effect.fnUntraced(function* (running: Running, now: number) {
  for (const { stored } of yield* readAll(running)) {
    const { schedule } = stored
    if (schedule.nextPollAt !== null) continue
    yield* running.store.reschedule(stored, { ...schedule, nextPollAt: now, confirm: true })
  }
})

/** Builds the bank, the engine's host, and everything between them. */
const build = Effect.fnUntraced(function* (system: WholeSystem, leave: Leave) {
  const { world, witness, signing } = system
  const road = makeCallbackRoad({
    world,
    witness,
    leave,
    host: () => host,
    loan: (reference) => bank.loans.get(reference),
    alert: (reference) => operator(reference),
    forge: makeAdversary(world.draws("adversary"), signing.stolen),
  })
  const lags = world.draws("replicas")
  const bankSettings: SandboxSettings = {
    ...quietBank,
    lagMs: () => (world.isCalm() ? 0 : lags.between(0, replicaLagMsMax)),
    clockAheadMs: makeBankClock(world),
    seed: world.seed,
    keys: signing.keys,
    transport: road,
  }
  const bank = yield* openBank(bankSettings)
  const lives = makeBankLives(world, bank)
  const network = makeNetwork({
    world,
    witness,
    bankSettings,
    bank: () => bank,
    step: (point) => host.step(point),
    nudge: lives.nudge,
  })
  const host: EngineHost = yield* makeEngineHost(world, {
    parts: system.parts,
    exchanges: network.exchanges,
  })
  const { merchantExchange } = network
  const people = { world, witness, host, bank, leave, live: lives.live, merchantExchange }
  const operator = makeOperator(people)
  yield* makeWeather(world, host)
  return { bank, host, lives, apply: yield* makeMerchant(people) }
})

/** The bank's clock. It is some minutes ahead or behind, and is set right from time to time. */
function makeBankClock(world: World): () => number {
  const draws = world.draws("bank clock")
  let aheadMs = 0
  return () => {
    if (draws.chance(0.1)) aheadMs = Math.round(draws.between(-10, 10)) * minuteMs
    return aheadMs
  }
}

/** How far a replica of the bank may lag. */
const replicaLagMsMax = 60_000

type Leave = (effect: Effect.Effect<unknown>) => Effect.Effect<void>

/** This sandbox bank does nothing by itself: the simulation decides the lives and the faults. */
const quietBank = {
  chaos: "none",
  speed: 1,
  accounts: new Map<string, string>(accounts.map(({ name, password }) => [name, password])),
  unsignedAccounts: new Set<string>(accounts.flatMap(({ name, signed }) => (signed ? [] : [name]))),
} as const

const openBank = Effect.fnUntraced(function* (
  settings: SandboxSettings,
): Effect.fn.Return<SandboxBank, never, Scope.Scope> {
  const bank = yield* makeSandboxBank(settings)
  for (const { name, credentials } of accounts) {
    const method = credentials === undefined ? undefined : "BASIC"
    bank.register(name, { callbackUrl: callbackUrl(name), credentials, method })
  }
  return bank
})

/** Spreads the applications evenly over the first half of the time. */
const applications = (
  loans: number,
  days: number,
  apply: (externalReference: string) => Effect.Effect<unknown>,
) =>
  Effect.gen(function* () {
    for (let index = 0; index < loans; index++) {
      yield* Effect.sleep((days * dayMs) / 2 / loans)
      yield* apply(`application-${index}`)
    }
  })

const loansPerPage = 500

/** All loans of the store, with their journals. */
const readAll = Effect.fnUntraced(function* ({ store, journal }: Running) {
  const loans: Array<InspectedLoan> = []
  for (const { name: account } of accounts) {
    let after = ""
    while (true) {
      const page = yield* store.loans({ account, after, limit: loansPerPage })
      for (const stored of page) {
        const { applicationReference } = stored.loan
        const entries = yield* store.history(applicationReference)
        loans.push({ stored, entries, bodies: yield* bodiesOf(journal, applicationReference) })
      }
      const last = page.at(-1)
      if (last === undefined) break
      after = last.loan.applicationReference
    }
  }
  return loans
})
