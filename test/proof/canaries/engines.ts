import { DatabaseSync } from "node:sqlite"
import type { BankClient } from "@loan-engine/adapters-http/bank/client"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import type { Change } from "@loan-engine/app/ports/loan-store"
import { noFacts } from "@loan-engine/domain/facts"
import type { LoanEvent, LoanEventType } from "@loan-engine/domain/loan-event"
import { observe } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import { Clock, Effect, Struct } from "effect"
import type { EngineParts, EngineProcess } from "../simulation/engine-process.ts"
import { expectedAt } from "./lifecycles.ts"

type Engine = EngineProcess["engine"]
type Store = EngineProcess["store"]

/** A broken engine, made by wrapping parts of the real one. The simulation must notice it. */
export interface EngineCanary {
  readonly name: string
  /** The defect, in one sentence. */
  readonly what: string
  readonly parts: Partial<EngineParts>
}

/** An engine that changes each observation before it records it. */
const seeingOtherwise = (see: (observation: Observation, engine: Engine) => Observation) => ({
  engine: (engine: Engine) =>
    Effect.succeed({
      ...engine,
      record: (observation: Observation, raw: Uint8Array) => engine.record(see(observation, engine), raw),
    }),
})

/** A store that changes each decided change before it writes it. */
const writingOtherwise = (rewrite: (change: Change) => Change) => ({
  store: (store: Store): Store => ({
    ...store,
    update: (reference, decide) =>
      store.update(reference, (stored, storeNow) => {
        const change = decide(stored, storeNow)
        return change === undefined ? undefined : rewrite(change)
      }),
  }),
})

/** Changes the file behind the store's back, after every `everyUpdates` updates. */
const tampering = (everyUpdates: number, tamper: (database: DatabaseSync, change: Change) => void) => ({
  store: (store: Store, path: string): Store => {
    let updates = 0
    return {
      ...store,
      update: (reference, decide) =>
        Effect.tap(store.update(reference, decide), (change) =>
          Effect.sync(() => {
            if (change === undefined || ++updates % everyUpdates !== 0) return
            const database = new DatabaseSync(path)
            tamper(database, change)
            database.close()
          }),
        ),
    }
  },
})

const redated = (event: LoanEvent, at: number): LoanEvent => ({ ...event, at })

/** How long this broken engine delays its commits. */
const lateCommitMs = 2_000

const acknowledgeBeforeCommit: EngineCanary = {
  name: "acknowledge before commit",
  what: "It answers a callback at once and commits it two seconds later, so a crash in between loses it.",
  parts: {
    engine: (engine) =>
      Effect.map(Effect.scope, (scope) => ({
        ...engine,
        record: (observation, raw) =>
          observation.source !== "callback"
            ? engine.record(observation, raw)
            : Effect.gen(function* () {
                const stored = yield* engine.loan(observation.applicationReference)
                yield* Effect.forkIn(Effect.delay(engine.record(observation, raw), lateCommitMs), scope)
                const loan = stored?.loan ?? unseen(observation)
                return { disposition: "noted" as const, hold: null, steps: [], loan, position: 0 }
              }),
      })),
  },
}

const unseen = ({ applicationReference, account }: Observation) => ({
  applicationReference,
  account,
  registered: false,
  version: 0,
  stage: "submitted" as const,
  facts: noFacts,
})

const admitUnsigned: EngineCanary = {
  name: "admit unsigned",
  what: "It accepts a callback without any evidence.",
  parts: seeingOtherwise((observation) => {
    const { hold, ...others } = observation
    return hold === "no-evidence" ? { ...others, evidence: "credentials" } : observation
  }),
}

const admitUnboundSignature: EngineCanary = {
  name: "admit unbound signature",
  what: "It accepts every signature of the bank, for any content.",
  parts: {
    jws: (verifier) => ({
      ...verifier,
      verify: (jws, body) =>
        Effect.map(verifier.verify(jws, body), (verdict) =>
          verdict.state === "unbound" ? { state: "bound" as const } : verdict,
        ),
    }),
  },
}

const admitForeignSignature: EngineCanary = {
  name: "admit foreign signature",
  what: "It checks only the credentials, and accepts a body that its signature contradicts.",
  parts: {
    jws: (verifier) => ({
      ...verifier,
      verify: (jws, body) =>
        Effect.map(verifier.verify(jws, body), (verdict) =>
          verdict.state === "contradicted" || verdict.state === "invalid"
            ? { state: "bound" as const }
            : verdict,
        ),
    }),
  },
}

const admitUnverifiableSignature: EngineCanary = {
  name: "admit unverifiable signature",
  what: "It accepts a signature while the bank's keys are not available.",
  parts: {
    jws: (verifier) => ({
      ...verifier,
      verify: (jws, body) =>
        Effect.map(verifier.verify(jws, body), (verdict) =>
          verdict.state === "unverifiable" ? { state: "bound" as const } : verdict,
        ),
    }),
  },
}

/** A lease that is so long that a claimed poll never becomes due again. */
const leaseForeverMs = 10 ** 12

const forgetClaimedPolls: EngineCanary = {
  name: "forget claimed polls",
  what: "It removes a due poll from the plan before the poll is done. A crash in between ends the polls of the loan.",
  parts: {
    store: (store) => ({
      ...store,
      claimDue: (options) => store.claimDue({ ...options, leaseMs: leaseForeverMs }),
      // Without this, the check of polls that are planned too far ahead would find such a lease.
      bringBack: () => Effect.succeed(0),
    }),
  },
}

const undoOnPollFalse: EngineCanary = {
  name: "undo on poll=false",
  what: "It reads an answer without a signature or a pay-out as a report that there is none.",
  parts: writingOtherwise((change) => {
    const { entry, loan } = change
    const unlessSaid = (type: LoanEventType, at: number | null): number | null =>
      entry.source !== "poll" || entry.events.some((event) => event.type === type) ? at : null
    const signedAt = unlessSaid("agreement.signed", loan.facts.signedAt)
    const paidOutAt = unlessSaid("loan.paidOut", loan.facts.paidOutAt)
    return { ...change, loan: { ...loan, facts: { ...loan.facts, signedAt, paidOutAt } } }
  }),
}

const dedupeByContentHash: EngineCanary = {
  name: "dedupe by content hash",
  what: "It drops a callback whose body it has seen before. So it also drops a second genuine request for documents.",
  parts: {
    engine: (engine) =>
      Effect.sync(() => {
        const seen = new Map<string, Effect.Success<ReturnType<Engine["record"]>>>()
        return {
          ...engine,
          record: (observation, raw) =>
            Effect.suspend(() => {
              const known = seen.get(digestOf(raw))
              if (observation.source === "callback" && known !== undefined) return Effect.succeed(known)
              return Effect.tap(engine.record(observation, raw), (recorded) =>
                Effect.sync(() => seen.set(digestOf(raw), recorded)),
              )
            }),
        }
      }),
  },
}

const lastArrivalWins: EngineCanary = {
  name: "last arrival wins",
  what: "It gives every event the time of its arrival. So a late event overrules a newer one.",
  parts: seeingOtherwise((observation) => ({
    ...observation,
    events: observation.events.map((event) => redated(event, observation.receivedAt)),
  })),
}

const dropEarlyEvents: EngineCanary = {
  name: "drop early events",
  what: "It drops everything that the loan's current stage does not expect, as event-driven charts do.",
  parts: {
    engine: (engine) =>
      Effect.succeed({
        ...engine,
        record: (observation, raw) =>
          Effect.gen(function* () {
            const stored = yield* engine.loan(observation.applicationReference)
            const stage = stored?.loan.stage ?? "submitted"
            const events = observation.events.filter(({ type }) => expectedAt[stage].includes(type))
            return yield* engine.record({ ...observation, events }, raw)
          }),
      }),
  },
}

const neverPoll: EngineCanary = {
  name: "never poll",
  what: "It never polls, so the news of a lost callback is lost.",
  parts: { polls: false },
}

const pollDatedAtArrival: EngineCanary = {
  name: "poll answer dated at arrival instead of at sending",
  what: "It gives an answer the time of its arrival. So an answer in transit overrules a callback that overtook it.",
  parts: {
    bank: (client): BankClient => {
      const arrived = <A extends { readonly sentAt: number }, E>(answer: Effect.Effect<A, E>) =>
        Effect.flatMap(answer, (said) =>
          Effect.map(Clock.currentTimeMillis, (now) => ({ ...said, sentAt: now })),
        )
      return {
        ...client,
        getApplicationStatus: (reference) => arrived(client.getApplicationStatus(reference)),
        getApplicationQuote: (reference) => arrived(client.getApplicationQuote(reference)),
      }
    },
  },
}

const snapshotWithoutJournalRow: EngineCanary = {
  name: "snapshot without journal row",
  what: "It writes snapshot and journal in separate transactions. Sometimes the journal row is missing.",
  parts: tampering(25, (database, { entry }) => {
    database.prepare("DELETE FROM journal WHERE hash = ?").run(entry.hash)
  }),
}

const journalWithoutSnapshot: EngineCanary = {
  name: "journal without snapshot",
  what: "It writes snapshot and journal in separate transactions. Sometimes the snapshot is old and the next poll is not planned.",
  parts: tampering(25, (database, { entry, loan }) => {
    const { applicationReference } = entry
    const stale = JSON.stringify({ ...loan, version: loan.version - 1 })
    database
      .prepare("UPDATE loans SET snapshot = ?, next_poll_at = NULL WHERE application_reference = ?")
      .run(stale, applicationReference)
  }),
}

const rewriteTheJournal: EngineCanary = {
  name: "rewrite the journal",
  what: "It changes an old entry. Only the hash chain shows this.",
  parts: tampering(25, (database, { entry }) => {
    const rewritten = "json_set(content, '$.recordedAt', content ->> 'recordedAt' + 1)"
    database.prepare(`UPDATE journal SET content = ${rewritten} WHERE hash = ?`).run(entry.hash)
  }),
}

const skipTheWalksMiddle: EngineCanary = {
  name: "skip the walk's middle",
  what: "It jumps to the end of the walk, without the stages in between.",
  parts: writingOtherwise((change) => {
    const { entry, loan } = change
    const [first] = entry.steps
    const last = entry.steps.at(-1)
    if (first === undefined || last === undefined || first === last) return change
    const { applicationReference, account, source, evidence, receivedAt, events, disposition, hold } = entry
    const observation = { applicationReference, account, source, evidence, receivedAt, events }
    const steps = [{ from: first.from, to: last.to, inferred: false }]
    const decision = { loan, disposition, hold, steps, news: entry.news }
    const bytes = { raw: entry.raw ?? new Uint8Array(), digest: entry.digest }
    return {
      ...change,
      entry: journalEntry(observation, decision, bytes, entry.recordedAt, entry.previousHash),
    }
  }),
}

const countNothing: EngineCanary = {
  name: "swallow repeats",
  what: "It acknowledges a repetition without news and does not count it.",
  parts: {
    engine: (engine) =>
      Effect.succeed({
        ...engine,
        record: (observation, raw) =>
          Effect.gen(function* () {
            const stored = yield* engine.loan(observation.applicationReference)
            if (stored === undefined || observation.source !== "callback") {
              return yield* engine.record(observation, raw)
            }
            const { disposition, hold, steps, loan } = observe(stored.loan, observation)
            if (disposition !== "repeated") return yield* engine.record(observation, raw)
            return { disposition, hold, steps, loan, position: 0 }
          }),
      }),
  },
}

const forgetTokens: EngineCanary = {
  name: "forget tokens",
  what: "It does not remember the tokens of signed callbacks. So a redelivered request counts as another, later request.",
  parts: writingOtherwise(({ watermark = {}, ...change }) => ({
    ...change,
    watermark: Struct.omit(watermark, ["signed"]),
  })),
}

export const engineCanaries: ReadonlyArray<EngineCanary> = [
  acknowledgeBeforeCommit,
  admitUnsigned,
  admitUnboundSignature,
  admitForeignSignature,
  admitUnverifiableSignature,
  undoOnPollFalse,
  dedupeByContentHash,
  lastArrivalWins,
  dropEarlyEvents,
  neverPoll,
  forgetClaimedPolls,
  pollDatedAtArrival,
  snapshotWithoutJournalRow,
  journalWithoutSnapshot,
  rewriteTheJournal,
  skipTheWalksMiddle,
  countNothing,
  forgetTokens,
]
