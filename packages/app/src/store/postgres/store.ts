import { Context, Effect, Layer } from "effect"
import type { Query } from "./run.ts"
import { JournalStore } from "../../ports/journal-store.ts"
import { LoanStore } from "../../ports/loan-store.ts"
import type { StoreUnusable } from "../../ports/loan-store.ts"
import { WebhookStore } from "../../ports/webhook-store.ts"
import { makeGroupCommit } from "../group-commit.ts"
import { makeMomentRun, makeRun, orUnavailable } from "./run.ts"
import type { Run } from "./run.ts"
import { postgresJournal } from "./journal.ts"
import { postgresLoans } from "./loans.ts"
import { makeNews } from "./news.ts"
import { openPostgres } from "./open.ts"
import type { PostgresSettings } from "./settings.ts"
import { quotedSchema } from "./settings.ts"
import { commitUpdates } from "./updates.ts"
import { postgresWebhooks } from "./webhooks.ts"

/**
 * The PostgreSQL store, which several engines can share. Before each write, the loan's version is checked, so that no
 * engine overwrites another's change. The due time of a poll is also its lease. Changes that arrive at the same time
 * share a statement. If the connection is lost during a write, the write may have succeeded. A retry then finds it
 * and counts as a redelivery.
 */
export const layerPostgres = (
  settings: PostgresSettings,
): Layer.Layer<LoanStore | JournalStore | WebhookStore, StoreUnusable> =>
  Layer.effectContext(makePostgresStore(settings))

const makePostgresStore = Effect.fnUntraced(function* (given: PostgresSettings) {
  const { host } = yield* openPostgres(given)
  // A reader finishes soon, so it stays on one server.
  const settings = given.readOnly ? { ...given, url: host.url } : given
  const together = yield* Effect.orDie(settings.oneMoment ? makeMomentRun(settings) : makeRun(settings))
  const run: Run = (sql, parameters) => together()(sql, parameters)
  const schema = quotedSchema(settings)
  const query: Query = (sql, parameters) => orUnavailable(run(sql, parameters))
  const { news, tell } = yield* makeNews(settings, run)
  const write = commitUpdates(together, schema)
  const commit: typeof write = (batch) => Effect.tap(write(batch), tell)
  const submit = yield* makeGroupCommit(settings, commit)
  const loanStore = postgresLoans(query, schema, submit)
  const journalStore = postgresJournal(query, settings, news)
  return Context.make(LoanStore, loanStore).pipe(
    Context.add(JournalStore, journalStore),
    Context.add(WebhookStore, postgresWebhooks(query, schema)),
  )
})
