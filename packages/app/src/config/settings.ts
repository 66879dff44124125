import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank/guard"
import { RequiredEvidence } from "@loan-engine/adapters-http/callback/accounts"
import { callbackEventTypes } from "@loan-engine/adapters-http/message/shape"
import type { CallbackEventType } from "@loan-engine/adapters-http/message/shape"
import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback/receiver"
import { Record, Redacted, Schema } from "effect"
import { accessLimitsDefault } from "../access/access.ts"
import { forwardingDefault, forwardingHeaders } from "../access/source-address.ts"
import { scopes } from "../contract/api-contract.ts"
import { loanListLimitsDefault } from "../api/loan-list.ts"
import { metricsLimitsDefault } from "../serve/operator-routes.ts"
import { callbackHealthDefaults } from "../callback-health/health.ts"
import { changeFeedLimitsDefault } from "../feed/change-feed.ts"
import { cadenceLimitsDefault, horizonsDefault } from "../schedule/poll-cadence.ts"
import { pollerDefaults } from "../polling/poller.ts"
import { anchorLimitsDefault } from "../feed/anchors.ts"
import { sealingDefaults } from "../feed/sealing.ts"
import { serverLimitsDefault } from "../serve/limits.ts"
import { postgresDefaults, postgresLimitsDefault } from "../store/postgres/settings.ts"
import { sqliteLimitsDefault } from "../store/sqlite/store.ts"
import { logFormats, logLevelNames } from "../telemetry/log.ts"
import { traceExportLimitsDefault } from "../telemetry/trace-export.ts"
import { webhookLimitsDefault } from "../webhooks/settings.ts"
import { also, kinds, needing, optional, shared, timerMsMax, withDefault } from "./setting.ts"
import type { ValuesOf, WrittenOf } from "./setting.ts"

const { whole, percent, factor, port, flag, text, texts, url, secret, key, secrets, choice } = kinds

/** One setting for each of some limits, with the same name. It compiles only if every limit has a text. */
const limits = <Name extends string>(
  defaults: { readonly [Limit in Name]: number },
  abouts: { readonly [Limit in Name]: string },
  kind?: typeof whole,
) =>
  Record.map(abouts, (about, name) => {
    const isTime = /Ms(?:Max|Min)?$/u.test(name) && defaults[name] <= timerMsMax
    return withDefault(kind ?? (isTime ? kinds.milliseconds : whole), defaults[name], about)
  })

const eventTypes = Object.values(callbackEventTypes)
const required = Schema.optionalKey(RequiredEvidence)
const trustPolicy = Schema.Struct({
  CREDIT_DECISION_UPDATED: required,
  WAITING_FOR_ADDITION: required,
  SIGNED: required,
  PAID_OUT: required,
} satisfies { readonly [Type in CallbackEventType]: typeof required })
/** Names and values that are valid in a header. */
const headers = Schema.Record(
  Schema.String.check(Schema.isPattern(/^[!#$%&'*+.^_`|~\w-]+$/u)),
  Schema.String.check(Schema.isPattern(/^[\x20-\x7e]+$/u)),
)

const secureOnly = "https, or http to a loopback address or to one of `bankPlainHttpHosts`"
const bankTogether = "refused without `bankUrl` and the other of the two"
const callbackTogether = "refused without the other of `callbackAuthMethod` and `callbackCredentials`"
const longKey = "at least 16 characters if `host` is not a loopback address"

/** The settings of each account: its credentials, and the evidence that its callbacks need. */
export const accountSettings = {
  currency: optional(
    kinds.currency,
    "the ISO 4217 code of the currency of its amounts; accounts named se, no, dk and fi default to their country's",
  ),
  bankUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the bank's SOAP endpoint; without it the engine polls nothing and can register no callback URL",
      ),
    ),
  ),
  bankUsername: also(bankTogether, optional(text, "the account's user name at the bank")),
  bankPassword: also(bankTogether, optional(secret, "the password of that user")),
  jwksUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the URL of the bank's public keys, to verify `jwsData`; without it the engine ignores `jwsData`",
      ),
    ),
  ),
  jwksApiKey: needing(
    "jwksUrl",
    shared(optional(key, "the key that the bank's gateway requires at that URL")),
  ),
  callbackAuthMethod: also(
    callbackTogether,
    optional(choice(["BASIC", "BEARER"]), "how the bank authorizes its callbacks, as registered at the bank"),
  ),
  callbackCredentials: also(
    callbackTogether,
    optional(
      secrets,
      "the base64 text that was registered; several during a rotation. If one uses another method, begin it with that method: `BEARER dG9rZW4=`",
    ),
  ),
  callbackTrust: shared(
    optional(
      kinds.pairsOf({
        expected:
          `a list such as PAID_OUT=jws,SIGNED=bank: an event type (${eventTypes.join(", ")}) and what it is believed on ` +
          `(${RequiredEvidence.literals.join(", ")})`,
        example: { PAID_OUT: "jws" },
        schema: trustPolicy,
      }),
      "the evidence that each type of event needs: `credentials` (or a signature), `jws` (a signature) or `bank` (the bank's answer to a poll), as in `PAID_OUT=jws,SIGNED=bank`",
      "`credentials` for all; but once the account's bank has signed a callback, one without a signature is held",
    ),
  ),
  callbackEventClaim: needing(
    "jwksUrl",
    shared(optional(text, "the claim of `jwsData` that carries the event", "the engine looks for it")),
  ),
  allowUnauthenticatedCallbacks: withDefault(
    flag,
    false,
    "for an account without callback credentials. `true`: a callback without a signature is held until a poll confirms it, at most `callbacksHeldPerMinuteMax` of them. `false`: the engine does not start without a JWKS, and refuses callbacks without a signature",
  ),
}

const listening = {
  host: withDefault(text, "127.0.0.1", "the address to listen on"),
  port: withDefault(port, 8_080, "the port to listen on; 0 for any free port"),
  pathPrefix: withDefault(
    kinds.pathPrefix,
    "",
    "the path below which a proxy leads to the engine, such as `/loans`: the engine then serves everything below it, `/loans/callbacks/…` too, and nothing else",
  ),
  ...limits(serverLimitsDefault, {
    requestMsMax: "how long a request may take to arrive",
    headersMsMax: "how long a request's headers may take to arrive",
    headerBytesMax: "how large a request's headers may be",
    keepAliveMsMax: "how long a connection may be idle between two requests",
    connectionsMax: "how many connections may be open; the engine closes further ones at once",
    connectionsCheckMs: "how often to look for slow connections",
    stopDrainMs: "how long a stopping engine still serves while `/health/ready` answers 503",
    stopMsMax: "how long a stopping engine then waits for requests under way",
    readyMsMax: "how long the write check of the store may take before the engine is not ready",
  }),
}

const stopping = {
  stopWithLauncher: withDefault(
    flag,
    true,
    "whether `serve` stops when the package manager that started it (npx, npm, pnpm, yarn) ends; `false` keeps it running",
  ),
}

const {
  queuedUpdatesMax: _,
  transactionUpdatesMax: __,
  staleRetryMsMax: ___,
  ...postgresOnly
} = postgresLimitsDefault

const store = {
  databaseUrl: withDefault(
    kinds.database,
    Redacted.make("loan-engine.sqlite"),
    "the path of an SQLite file, for one engine; or `postgres://user:password@host:5432/database?sslmode=require`, for several engines. `…@one:5432,two:5432/…` names a primary and its standbys",
  ),
  databaseSchema: also(
    "lower-case letters, digits and underscores; must not begin with a digit or `pg_`",
    withDefault(text, postgresDefaults.schema, "PostgreSQL: the schema that holds the engine's tables"),
  ),
  databaseNotify: withDefault(
    flag,
    true,
    "PostgreSQL: whether engines notify each other with LISTEN and NOTIFY; `false` behind a pooler that shares sessions between transactions",
  ),
  ...limits(sqliteLimitsDefault, {
    queuedUpdatesMax: "how many records may wait for their commit; further callbacks get 503",
    transactionUpdatesMax: "how many records may share one transaction; at most 1,024 on PostgreSQL",
    staleRetryMsMax:
      "the longest random wait before a record is decided again because another process was faster",
    busyTimeoutMs: "SQLite: how long to wait for the lock of another process",
    readMsMax: "SQLite: how long a list or a count of loans may take; then the engine answers 503",
    walPagesMax:
      "SQLite: how large the write-ahead log may grow, in pages of 4,096 bytes, before it is copied into the file",
  }),
  ...limits(postgresOnly, {
    databasePartitions:
      "PostgreSQL: the number of partitions of each table, fixed when the tables are made; at most 1,024",
    databaseConnectionsMax: "PostgreSQL: how many connections one engine may open",
    databaseConnectionWaitMsMax: "PostgreSQL: how long a request may wait for a connection; then it gets 503",
    databaseConnectMsMax: "PostgreSQL: how long it may take to open a connection",
    databaseStatementMsMax: "PostgreSQL: how long one statement may take",
    databaseLockMsMax: "PostgreSQL: how long a statement may wait for a lock",
    databaseNotifyMs: "PostgreSQL: the shortest time between two notifications that the feed has grown",
    databaseListenRetryMs: "PostgreSQL: how long to wait before reconnecting LISTEN",
    databaseMigrationMsMax: "PostgreSQL: how long a migration may take",
  }),
  ...limits(
    { ...sealingDefaults, ...anchorLimitsDefault },
    {
      checkpointEveryMs: "how often the engine seals the journal with a checkpoint",
      checkpointRowsMax: "how many rows one checkpoint may seal",
      anchorEveryMs: "how often the engine keeps the newest checkpoint as an anchor",
    },
  ),
  anchorsFile: also(
    "not a file of the store itself",
    optional(
      text,
      "the file for anchors, which `journal verify` compares with; best on a disk that only this engine can write to",
      "`.<name>-anchors` beside an SQLite file; none on PostgreSQL",
    ),
  ),
  anchorsUrl: also(
    "https, or http to a loopback address",
    optional(url, "the URL to which the engine also sends each anchor, by POST, as JSON"),
  ),
}

const callbacks = limits(
  { ...callbackReceiverLimitsDefault, ...callbackHealthDefaults },
  {
    callbackBytesMax: "how large a callback's body may be",
    callbackBodyMsMax: "how long a callback's body may take to arrive",
    callbacksHeldPerMinuteMax:
      "how many callbacks without evidence one account may hold in a minute; those about known loans count separately. Further ones get 503",
    callbackHeldBytesMax: "how large the body of a callback without evidence may be",
    callbacksUnauthorizedPerMinuteMax:
      "how many callbacks with wrong credentials one account may receive in a minute; further ones get 429",
    issuedAtAgeMaxMs: "the oldest signed issue time that the engine accepts",
    rejectionsKeptMax: "how many refused callbacks are kept in memory",
    callbackHealthEveryMs: "how often to count callbacks for callback health",
    callbackHealthDays: "how many days callback health covers",
    callbackMissedPercentMax: "the percentage of news without a callback that raises the alarm",
    callbackNewsMin: "how much news callback health needs to judge an account",
    callbackLateMsMax:
      "how long after its news a callback may still arrive; until then it is late, not missed",
  },
)

const { pollJitterPercent, ...cadenceLimits } = cadenceLimitsDefault

const { webhookJitterPercent, ...webhookLimits } = webhookLimitsDefault

const polling = {
  ...limits(
    { ...pollerDefaults, ...cadenceLimits, ...breakerLimitsDefault },
    {
      pollMsMax: "how long one poll may take, all its questions together",
      pollRatePerSecond: "how many requests a second the engine may send to all accounts' banks together",
      pollsInFlightMax: "how many polls may be under way at once",
      pollLeaseMs: "the lease of a poll: if the process dies, the poll is due again after this",
      pollIdleMaxMs: "how long the poller may be idle before it looks for due polls",
      pollStopMsMax:
        "how long a stopping engine waits for the bank's answers; it releases polls that it has not sent at once",
      pollOvertakenMs: "how long the poller waits if other engines took all due polls",
      pollConfirmsPerRoutineMax:
        "how many confirmations of an account run before one of its routine polls while both wait",
      pollConfirmsAheadMax:
        "how many requests an account's confirmations may be ahead of other accounts' polls",
      pollIntervalMaxMs: "the longest interval of a loan that may still move",
      pollSoonMs: "how soon the engine confirms an inferred step or a request for documents",
      pollConfirmRetryMs: "how soon the engine retries a confirmation that got no answer",
      pollConfirmAttemptsMax:
        "after how many polls without an answer a person must settle a dispute, or a callback that the bank must confirm; the loan is then stalled",
      pollAttemptsMax: "after how many polls without news a loan is stalled",
      pollStalledMs: "the poll interval of a stalled loan",
      additionGraceMs:
        "how far the bank's answers may lag behind its callbacks; an answer to a sooner poll clears no request for documents, and if it denies a callback, the engine polls again",
      pollsPerQuote: "after how many polls of an approved loan the engine also asks for its decision",
      breakerFailuresMax: "after how many failures in a row the circuit of an account's bank opens",
      breakerOpenMs: "how long the circuit stays open",
    },
  ),
  ...limits(
    horizonsDefault,
    {
      submittedHorizonDays: "after how many days without news a submitted loan is dormant",
      manualInspectionHorizonDays: "the same for a loan in manual inspection",
      approvedHorizonDays: "the same for an approved loan that nobody signs",
      waitingForAdditionHorizonDays: "the same for a loan whose documents nobody sends",
      signedHorizonDays: "the same for a signed loan that is not paid out",
      unconfirmedHorizonDays:
        "the same for a dispute, a rejection or a pay-out that the bank does not confirm",
      dormantWeeklyDays: "for how many days the engine polls a dormant loan every week",
      dormantMonthlyDays: "for how many days after that it polls every month; then no more",
      closedMonthlyDays: "for how many days the engine polls a closed loan every month; 0 for never",
    },
    kinds.natural,
  ),
  pollIntervalScale: withDefault(
    factor,
    1,
    "multiplies every poll interval; below 1 for a bank whose time runs faster",
  ),
  ...limits(
    { pollJitterPercent },
    { pollJitterPercent: "the random variation of a poll interval, in percent either way" },
    percent,
  ),
}

const webhooks = {
  webhookUrls: also(
    "https, or http to a loopback address, without a user; each with a secret",
    optional(
      kinds.pairsOf({
        expected:
          "a list such as crm=https://crm.example/hooks,erp=https://erp.example/hooks: your own names, each once, and their URLs; write a comma in a URL as %2C",
        example: { crm: "https://crm.example/hooks" },
        schema: Schema.Record(Schema.String, Schema.NonEmptyString),
      }),
      "the endpoints that receive every change, each with a name that you choose: `crm=https://crm.example/hooks,erp=…`",
    ),
  ),
  webhookSecrets: also(
    "each is `whsec_` and 24 to 64 random bytes as base64, for a name in `webhookUrls`",
    optional(
      kinds.secretPairs({
        expected:
          "a list such as crm=whsec_…,erp=whsec_…: the endpoints' names and their secrets; separate several secrets of one endpoint with spaces",
        example: { crm: "whsec_…" },
        schema: Schema.Record(Schema.String, Schema.NonEmptyString),
      }),
      "the secret that signs the messages to each endpoint: `crm=whsec_…,erp=whsec_…`. During a rotation, several with a space between them all sign. `loan-engine webhooks secret` makes one",
    ),
  ),
  webhookProxyUrl: optional(
    kinds.proxy,
    "the proxy for https requests to webhook endpoints; loopback addresses bypass it",
    "`HTTPS_PROXY` or `https_proxy`, otherwise `ALL_PROXY`, which must be http or https too",
  ),
  webhookNoProxy: {
    ...withDefault(kinds.spacedTexts, [], "the hosts that bypass that proxy, as for `bankNoProxy`"),
    defaultShown: "`NO_PROXY` or `no_proxy`",
  },
  webhookCaFile: optional(
    text,
    "a PEM file of certificate authorities that the engine trusts for webhook endpoints in addition to Node's",
  ),
  ...limits(webhookLimits, {
    webhookRequestMsMax: "how long a receiver may take for one message",
    webhookConnectMsMax: "how long the connection to a receiver may take",
    webhookAnswerBytesMax: "how much of a receiver's answer the engine reads",
    webhooksInFlightMax: "how many messages may be under way to one endpoint, each of another loan",
    webhookPageRowsMax: "how many changes, and how many waiting loans, one round takes",
    webhookPollMs: "how often to look for due messages and for changes of other processes",
    webhookStoreRetryMs: "how long delivery pauses after the store could not be read or written",
    webhookLeaseMs:
      "PostgreSQL: the lease of an endpoint. If the engine that delivers dies, another one takes over after this; at least four times `webhookRequestMsMax`",
    webhookRetryAfterMsMax: "the longest Retry-After that the engine accepts from a receiver",
    webhookWatchEveryMs: "how often to count endpoints and to report disabled ones",
  }),
  ...limits(
    { webhookJitterPercent },
    { webhookJitterPercent: "the random variation of a retry's time, in percent either way" },
    percent,
  ),
}

const api = {
  apiKey: also(longKey, optional(key, "a bearer key for every route under `/v1`, with all scopes")),
  apiKeys: also(
    "each of that form; no name twice, and none named `default` if `apiKey` is set",
    optional(
      texts,
      `more keys, each \`name:scopes:digest\`: ${scopes.map((scope) => `\`${scope}\``).join(", ")} with \`+\` between them, and the SHA-256 of a long random key in hex`,
    ),
  ),
  corsOrigins: also(
    "each is a scheme and a host, with nothing after them",
    withDefault(
      texts,
      [],
      "the origins whose pages may call the API, as in `https://shop.example,https://desk.example`",
    ),
  ),
  ...limits(
    { ...accessLimitsDefault, ...loanListLimitsDefault, ...changeFeedLimitsDefault },
    {
      apiRequestsPerSecondMax: "how many requests one key may make in a second",
      apiBodyBytesMax: "how large a request's body may be",
      wrongKeysPerSourceMax: "how many wrong keys one address may send in a minute; further ones get 429",
      wrongKeysPerMinuteMax: "the same for all addresses together",
      accountsAgeMaxMs: "how old the answer of `/v1/accounts` may be",
      loansScannedMax: "how many loans the engine reads for one page of a list",
      changeStreamsMax: "how many streams of changes may be open",
      changesUnreadMsMax: "how long a reader may leave sent changes unread",
      changesHeartbeatMs: "how long a stream may be silent",
      changesPollMs: "how often a stream looks for changes of other processes",
      changesPageRowsMax: "how many changes one read of the journal takes",
    },
  ),
}

const forwarding = {
  trustedProxies: optional(
    kinds.networks,
    "the addresses of your own proxies, such as `10.0.0.0/8`: only their requests name the sender's address in a header",
  ),
  forwardedHeader: needing(
    "trustedProxies",
    withDefault(
      choice(forwardingHeaders),
      forwardingDefault.forwardedHeader,
      "the header in which those proxies name the sender; each must write it, and the engine ignores the other one",
    ),
  ),
}

const console = {
  console: withDefault(flag, true, "whether the operators' console is served at `/console`"),
}

const telemetry = {
  metricsEnabled: withDefault(flag, true, "whether the engine serves `/metrics`"),
  metricsKey: also(
    longKey,
    optional(key, "the bearer key for `/metrics`; without one, everybody may read it"),
  ),
  ...limits(metricsLimitsDefault, { loanCountsAgeMaxMs: "how old the loan counts in `/metrics` may be" }),
  otlpUrl: optional(
    kinds.collector,
    "the OTLP/HTTP collector that receives traces as JSON, such as `http://localhost:4318`",
  ),
  otlpHeaders: needing(
    "otlpUrl",
    optional(
      kinds.secretPairs({
        expected: "a list such as api-key=…,x-team=loans: names and values, with commas between them",
        example: { "x-team": "loans" },
        schema: headers,
      }),
      "headers for the collector: `key=value,…`",
    ),
  ),
  otlpServiceName: withDefault(text, "loan-engine", "the service name in traces"),
  ...limits(traceExportLimitsDefault, {
    traceExportIntervalMs: "how often the engine sends spans",
    traceExportMsMax: "how long the collector may take for one export",
    traceBatchSpansMax: "how many spans one export may have",
    traceExportsInFlightMax: "how many exports may be under way at once; the engine drops further spans",
  }),
  logFormat: optional(
    choice(logFormats),
    "the format of the log on stderr",
    "`pretty` on a terminal, else `json`",
  ),
  logLevel: withDefault(choice(logLevelNames), "info", "the lowest level to log"),
}

const environment = {
  otherVariables: withDefault(
    texts,
    [],
    "variables that begin with `LOAN_ENGINE_` and belong to another program; the engine ignores them, and refuses any other unknown one",
  ),
}

const route = {
  bankProxyUrl: optional(
    kinds.proxy,
    "the proxy for https requests to the bank, its keys and its test utility; loopback addresses bypass it",
    "`HTTPS_PROXY` or `https_proxy`, otherwise `ALL_PROXY`, which must be http or https too",
  ),
  bankNoProxy: {
    ...withDefault(
      kinds.spacedTexts,
      [],
      "the hosts that bypass the proxy: `bank.internal`, `.internal` for all below it, or `*`",
    ),
    defaultShown: "`NO_PROXY` or `no_proxy`",
  },
  bankCaFile: optional(
    text,
    "a PEM file of certificate authorities that the engine trusts in addition to Node's (`NODE_EXTRA_CA_CERTS` adds to Node's, for the whole process)",
  ),
  bankPlainHttpHosts: withDefault(
    kinds.hosts,
    [],
    "the hosts that the engine may call over plain http. Passwords are then readable on the network, so name only hosts of your own network",
  ),
}

const testing = {
  triggerUrl: withDefault(
    kinds.baseUrl,
    "https://cl-callback-test-util.integration.resurs.com/api/external_test_utils/v1/ext-test-utils/agent",
    "the URL of the bank's test utility, which `loan-engine trigger` calls; the bank has moved it before",
  ),
  triggerPath: withDefault(
    kinds.triggerPath,
    "/{action}/{applicationReference}",
    "the path of one call under that URL",
  ),
}

/** Every setting except the accounts', in the order of the documentation. */
export const settingGroups = {
  Listening: { ...listening, ...stopping },
  "The store": store,
  Callbacks: callbacks,
  Polling: polling,
  Webhooks: webhooks,
  "The API": { ...api, ...forwarding, ...console },
  Telemetry: telemetry,
  "The route to the bank": route,
  "The bank's test environment": testing,
  "The environment": environment,
}

export const engineSettings = {
  ...listening,
  ...stopping,
  ...store,
  ...callbacks,
  ...polling,
  ...webhooks,
  ...api,
  ...forwarding,
  ...console,
  ...telemetry,
  ...route,
  ...testing,
  ...environment,
}

export type EngineValues = ValuesOf<typeof engineSettings>
export type AccountValues = ValuesOf<typeof accountSettings>

/** The settings of one account, as code or a file gives them. */
export type AccountSettings = WrittenOf<typeof accountSettings>

/**
 * All settings, as code or a file gives them. A missing setting has its default. An account setting outside of the
 * accounts applies to each account without its own, unless it identifies an account.
 */
export interface LoanEngineSettings
  extends WrittenOf<typeof engineSettings>, WrittenOf<typeof accountSettings> {
  /**
   * The accounts by name, which is also the last part of the callback's path: `se`, `no`, … Without it, there is one
   * account named `default`.
   */
  readonly accounts?: Readonly<Record<string, AccountSettings>>
}
