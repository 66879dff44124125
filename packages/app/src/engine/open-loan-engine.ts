import type { ServerResponse } from "node:http"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Context, Effect, Exit, Layer, Schema, Scope, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { ownKey } from "../access/api-keys.ts"
import { changeJson } from "../views/loan-json.ts"
import { pageLoansMax } from "../contract/loan-schemas.ts"
import type { ChangeJson, LoanJson } from "../contract/loan-schemas.ts"
import { problemDocument, problemResponse, storeUnavailable } from "../contract/problem.ts"
import { cursorProblem } from "../api/sent-changes.ts"
import { ChangeFeed } from "../feed/change-feed.ts"
import type { CursorUnknown } from "../feed/change-feed.ts"
import { readFeedCursor } from "../journal/feed-cursor.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { loanClient } from "../client/loan-client.ts"
import { invalid, loanApiError } from "../client/loan-api-error.ts"
import type { LoanApiError } from "../client/loan-api-error.ts"
import type { LoanListFilter } from "../client/loan-filter.ts"
import type { LoanClient } from "../client/loan-client.ts"
import { engineConfig } from "../config/config.ts"
import { readSettings } from "../config/read-settings.ts"
import type { LoanEngineSettings } from "../config/settings.ts"
import { environmentSources, fileSource, writtenSource } from "../config/sources.ts"
import type { Environment } from "../config/sources.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { makeEngineHttp } from "./http.ts"
import type { EngineListener } from "./mounted.ts"
import { engineServices } from "./services.ts"
import { logLayer, logToLayer } from "../telemetry/log.ts"
import { consoleLayer } from "../telemetry/output.ts"
import type { LogEntry } from "../telemetry/log.ts"

export interface OpenOptions {
  /** A settings file. Settings in code have priority over it. */
  readonly file?: string
  /**
   * Variables such as `process.env`. They have priority over the file, and settings in code have priority over them.
   * By default, no variables are read.
   */
  readonly environment?: Environment
  /** Where the log goes. The default is stderr, in the format of `logFormat`. */
  readonly log?: (entry: LogEntry) => void
}

export interface ChangesOptions {
  /**
   * The stream begins after this change, given by its `cursor` or its position. If absent, it begins with the next
   * change.
   */
  readonly after?: string | number
  /** One account's changes only. */
  readonly account?: string
  /** One loan's changes only. */
  readonly reference?: string
}

/**
 * The engine inside your own service. It has the same calls and watches as the client of a separate engine, and the
 * handlers for your server's requests. A failed call rejects with a `LoanApiError`. Its `problem` is what a separate
 * engine would answer.
 */
export interface LoanEngineHandle extends LoanClient {
  /** Every loan that matches a filter, ordered by account and reference. The loop reads one page at a time. */
  readonly eachLoan: (filter?: LoanListFilter) => AsyncIterable<LoanJson>
  /**
   * Every change after a cursor, in the order of the journal. Each change comes at least once, and none is left out.
   * The loop ends when the engine closes. When you process a change, store its `cursor` in the same transaction, and
   * continue after that cursor when you restart. If a backup was restored, the store may no longer have that place.
   * Then the loop throws a `LoanApiError` with the problem `cursor-unknown`.
   */
  readonly changes: (options?: ChangesOptions) => AsyncIterable<ChangeJson>
  /** All routes in the web-standard form: `/callbacks/{account}`, `/v1`, `/console`, `/docs`, `/health`, `/metrics`. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Handles one account's callbacks, for a route of your own. Register the URL of that route with the bank. */
  readonly callback: (account: string) => (request: Request) => Promise<Response>
  /**
   * {@link fetch} for node:http and frameworks on top of it. Nothing may read a request's body before the engine
   * does, unless the bytes are kept in `rawBody`. As a middleware (`app.use(engine.listener)`), it passes on requests
   * that are not for the engine.
   */
  readonly listener: EngineListener
  /** Ends polling and streams, and closes the store. Close your server first. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Opens the engine: its store, its polling and its handlers. It does not listen on a port.
 *
 * If a setting is missing or wrong, it rejects with `ConfigUnusable`. If the store cannot be opened, it rejects with
 * `StoreUnusable`. The message says what to do.
 *
 * @example
 * const engine = await openLoanEngine({
 *   databaseUrl: "loans.sqlite",
 *   accounts: { se: { callbackAuthMethod: "BASIC", callbackCredentials: ["YmFuazpzZWNyZXQ="] } },
 * })
 * const loan = await engine.register(bankAnswerXml, { account: "se" })
 */
export async function openLoanEngine(
  settings: LoanEngineSettings = {},
  options: OpenOptions = {},
): Promise<LoanEngineHandle> {
  const scope = Scope.makeUnsafe()
  const opened = await Effect.runPromiseExit(Scope.provide(open(settings, options), scope))
  if (Exit.isSuccess(opened)) return handleOf(opened.value, scope)
  await Effect.runPromise(Scope.close(scope, opened))
  return Effect.runPromise(Effect.failCause(opened.cause))
}

const open = Effect.fnUntraced(function* (settings: LoanEngineSettings, options: OpenOptions) {
  const sources = [
    writtenSource(settings, "code"),
    ...(options.environment === undefined ? [] : yield* environmentSources(options.environment)),
    ...(options.file === undefined ? [] : [yield* fileSource(options.file)]),
  ]
  const read = yield* readSettings(sources)
  const config = yield* engineConfig(read)
  const { key, apiKey } = ownKey()
  const own = { ...config, api: { ...config.api, apiKeys: [...config.api.apiKeys, apiKey] } }
  const { level, format } = config.telemetry.log
  const logging =
    options.log === undefined ? logLayer({ level, format: format ?? "json" }) : logToLayer(level, options.log)
  const services = yield* Layer.build(
    Layer.provideMerge(engineServices(own), Layer.merge(logging, consoleLayer)),
  )
  const http = yield* Effect.provideContext(makeEngineHttp(own), services)
  return { services, http, key, pathPrefix: config.pathPrefix }
})
type Opened = Effect.Success<ReturnType<typeof open>>

function handleOf({ services, http, key, pathPrefix }: Opened, scope: Scope.Closeable): LoanEngineHandle {
  const run = Effect.runPromiseWith(services)
  const closed = new AbortController()
  const whileOpen = (handle: (request: Request) => Promise<Response>) => (request: Request) =>
    closed.signal.aborted ? Promise.resolve(gone()) : handle(request)
  const fetch = whileOpen(http.handle)
  const client = loanClient({
    baseUrl: `http://loan-engine${pathPrefix}`,
    apiKey: key,
    fetch: (input, init) => fetch(new Request(input, init)),
    signal: closed.signal,
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= run(
      Effect.ensuring(
        http.drain,
        Effect.andThen(
          Effect.sync(() => closed.abort()),
          Scope.close(scope, Exit.void),
        ),
      ),
    ))
  return {
    ...client,
    eachLoan: (filter = {}) => eachLoan(client, filter),
    changes: (options = {}) => {
      const changes = closed.signal.aborted
        ? Stream.empty
        : changesOf(Context.get(services, ChangeFeed), options)
      return Stream.toAsyncIterableWith(changes, services)
    },
    fetch,
    callback: (account) => whileOpen((request) => http.handleCallback(account, request)),
    listener: (request, response, next) => {
      const isAnswered = next === undefined || http.serves(request)
      if (closed.signal.aborted && isAnswered) void answerGone(response)
      else http.listener(request, response, next)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The answer after the engine was closed. The bank then sends the callback again. */
const gone = (): Response => HttpServerResponse.toWeb(problemResponse(storeUnavailable))

async function answerGone(response: ServerResponse): Promise<void> {
  const answer = gone()
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
}

async function* eachLoan(client: LoanClient, filter: LoanListFilter): AsyncIterable<LoanJson> {
  let from: { readonly cursor?: string } = {}
  for (;;) {
    const page = await client.loans({ ...filter, limit: pageLoansMax, ...from })
    yield* page.loans
    if (page.next === null) return
    from = { cursor: page.next }
  }
}

const isAccount = Schema.is(AccountName)
const isReference = Schema.is(ApplicationReference)
const changesOf = (feed: ChangeFeed["Service"], { after, account, reference }: ChangesOptions) =>
  Stream.unwrap(
    Effect.gen(function* () {
      if (account !== undefined && !isAccount(account))
        return yield* Effect.fail(invalid("account", "no account's name"))
      if (reference !== undefined && !isReference(reference)) {
        return yield* Effect.fail(invalid("reference", "no application reference"))
      }
      const given = after === undefined ? undefined : readFeedCursor(String(after))
      if (after !== undefined && given === undefined)
        return yield* Effect.fail(invalid("after", "neither a cursor nor a position of the feed"))
      const only = {
        ...(account === undefined ? {} : { account }),
        ...(reference === undefined ? {} : { reference }),
      }
      const knownAccounts = yield* KnownAccounts
      const from = given && (yield* Effect.mapError(feed.find(given), cursorRefused))
      const { next } = yield* feed.read({ after: from, only })
      const steps = Stream.unfold(undefined, () =>
        Effect.map(Effect.mapError(next, cursorRefused), (step) =>
          step === undefined ? undefined : ([step.changes, undefined] as const),
        ),
      )
      return steps.pipe(
        Stream.flatMap((changes) => Stream.fromIterable(changes)),
        Stream.map((change) => changeJson(change, change.stored, knownAccounts)),
      )
    }),
  )

/** The same problem as when a stream over HTTP is refused. */
const cursorRefused = (fault: CursorUnknown | StoreUnavailable): LoanApiError =>
  loanApiError(fault._tag === "CursorUnknown" ? problemDocument(cursorProblem(fault)) : fault)
