import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { Effect } from "effect"
import { expect } from "vitest"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import type { Receiver } from "./receiver.ts"
import { secret } from "./receiver.ts"
import type { StoreLayer } from "./support.ts"

const body = (loan: string, at: number): string =>
  JSON.stringify({
    externalApplicationEvent: {
      applicationReference: loan,
      applicationEventType: "WAITING_FOR_ADDITION",
      requiredDocuments: [`document-${at}`],
    },
  })

/** Sends one callback about each loan, all at the same time. Each is news. */
export const tellAll = (engine: EngineProcess, loans: ReadonlyArray<string>, at: number) =>
  Effect.promise(async () => {
    const answered = await Promise.all(loans.map((loan) => engine.callback(body(loan, at))))
    expect(answered.map(({ status }) => status)).toEqual(loans.map(() => 200))
  })

/** The environment variables of an engine that sends webhooks to this receiver. */
export const webhookVariables = (receiver: Receiver) => ({
  LOAN_ENGINE_WEBHOOK_URLS: `crm=${receiver.url}`,
  LOAN_ENGINE_WEBHOOK_SECRETS: `crm=${secret}`,
})

/** All changes in a store that webhooks report. They do not report repetitions or held callbacks. */
export const writtenIn = (store: StoreLayer) =>
  Effect.gen(function* () {
    const journal = yield* JournalStore
    const rows = yield* journal.feedRows({ after: 0, limit: 100_000 })
    return rows.flatMap(({ text, applicationReference: reference, version }) => {
      const told = ["advanced", "noted", "disputed"].includes(JSON.parse(text).disposition)
      return told ? [{ reference, version }] : []
    })
  }).pipe(Effect.provide(store))
