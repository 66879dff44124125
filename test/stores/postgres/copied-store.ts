import { countFeed } from "@loan-engine/app/callbacks/callback-watch"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { redactLoan } from "@loan-engine/app/record/redaction"
import { sealFeed } from "@loan-engine/app/feed/sealing"
import { WebhookStore } from "@loan-engine/app/ports/webhook-store"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { account, lifeOf, onStore, say } from "../../engine/journal/lived-store.ts"

const loansAtOnce = 100
const rowsSealedMax = 250

/** A later answer of the bank that contradicts its approval. It makes the stages with which no ordinary life ends. */
const contradicted = (reference: string, at: number) =>
  say(reference, at, {
    source: "quote",
    evidence: "bank",
    events: [{ type: "decision.rejected", at }],
    body: `<rejected>${reference}</rejected>`,
  })
const outOfTurn = (reference: string, at: number) =>
  say(reference, at, {
    source: "callback",
    evidence: "credentials",
    events: [{ type: "addition.requested", at, requiredDocuments: ["\u0000", "å \u2028 𝔸"] }],
    body: `${reference}: å \u2028 𝔸`,
  })

/**
 * Fills a file with this many loans at every stage, with everything else that a store can contain, and with some
 * unsealed rows at the end.
 */
export const makeFullStore = (path: string, loans: number): Promise<unknown> =>
  onStore(
    path,
    Effect.gen(function* () {
      const names = Array.from({ length: loans }, (_, index) => `loan ${index} é-𝔸`)
      yield* Effect.forEach(names, liveOne, { concurrency: loansAtOnce, discard: true })
      yield* redactLoan({
        applicationReference: ApplicationReference.make(names[7] ?? ""),
        by: "Ada",
        reason: "asked for by the customer",
        dryRun: false,
      })
      yield* sealFeed(rowsSealedMax)
      yield* countFeed
      const store = yield* LoanStore
      yield* store.saveCallbackRegistration({
        account,
        bankUrl: "https://bank.example/Ä",
        callbackUrl: "https://shop.example/callbacks/se",
        registeredAt: 5,
      })
      yield* store.saveCallbackIntent(
        {
          account,
          bankUrl: "https://other-bank.example/Ä",
          callbackUrl: "https://shop.example/callbacks/se",
          askedAt: 6,
        },
        { replaces: false },
      )
      const webhooks = yield* WebhookStore
      yield* webhooks.add("crm", 3)
      yield* webhooks.add("erp", 0)
      yield* webhooks.lease({ endpoint: "crm", owner: "the engine", now: 1, leaseMs: 1 })
      yield* webhooks.settle({
        endpoint: "crm",
        owner: "the engine",
        now: 1,
        from: 3,
        to: 9,
        caughtUp: [],
        parked: names.slice(0, 3).map((name, index) => ({
          applicationReference: ApplicationReference.make(name),
          position: 4 + index,
          attempts: index,
          delayMs: index,
        })),
        disabledWhy: "a message failed",
      })
      yield* say("the tail", 99, {
        source: "submission",
        evidence: "bank",
        events: [{ type: "decision.pending", at: 99 }],
        body: "",
      })
    }),
  )

const liveOne = Effect.fnUntraced(function* (reference: string, index: number) {
  const at = 1_000 + index
  const kind = index % 13
  if (kind === 11) yield* contradicted(reference, at)
  else if (kind === 0 || kind === 12) yield* outOfTurn(reference, at)
  else for (const words of lifeOf(reference, at).slice(0, kind)) yield* say(reference, ...words)
  // The customer has signed, and then the bank reports a rejection.
  if (kind === 8 && index % 2 === 0) yield* contradicted(reference, at + 100)
})
