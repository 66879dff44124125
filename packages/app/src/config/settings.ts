import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank/guard"
import { RequiredEvidence } from "@loan-engine/adapters-http/callback/accounts"
import { callbackEventTypes } from "@loan-engine/adapters-http/message/shape"
import type { CallbackEventType } from "@loan-engine/adapters-http/message/shape"
import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback/receiver"
import { Record, Redacted, Schema } from "effect"
import { accessLimitsDefault } from "../access/access.ts"
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

/** A setting for each of some limits, by its own name. Without a text for every one of them it does not compile. */
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
/** Names and values that can stand in a header as they are. */
const headers = Schema.Record(
  Schema.String.check(Schema.isPattern(/^[!#$%&'*+.^_`|~\w-]+$/u)),
  Schema.String.check(Schema.isPattern(/^[\x20-\x7e]+$/u)),
)

const secureOnly = "https, or http to a loopback address or to one of `bankPlainHttpHosts`"
const bankTogether = "not without `bankUrl` and the other of the two"
const callbackTogether = "not without the other of `callbackAuthMethod` and `callbackCredentials`"
const longKey = "16 characters at least where `host` is no loopback address"

/** What is set for each account by itself: whose credentials these are, and what its callbacks are believed on. */
export const accountSettings = {
  currency: optional(
    kinds.currency,
    "the currency of its amounts, as ISO 4217 writes it; accounts called se, no, dk and fi have their country's",
  ),
  bankUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the bank's SOAP endpoint; without it nothing is polled, and no callback can be registered",
      ),
    ),
  ),
  bankUsername: also(bankTogether, optional(text, "the account's user name at the bank")),
  bankPassword: also(bankTogether, optional(secret, "its password")),
  jwksUrl: also(
    secureOnly,
    shared(
      optional(url, "where the keys are that `jwsData` is verified against; without it `jwsData` is ignored"),
    ),
  ),
  jwksApiKey: needing(
    "jwksUrl",
    shared(optional(key, "the key that the bank's gateway asks for at that URL")),
  ),
  callbackAuthMethod: also(
    callbackTogether,
    optional(choice(["BASIC", "BEARER"]), "how the bank authorizes its callbacks, as registered with it"),
  ),
  callbackCredentials: also(
    callbackTogether,
    optional(
      secrets,
      "the base64 text that was registered; several while they are rotated, and one of another method begins with it: `BEARER dG9rZW4=`",
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
      "what each type of event is believed on: `credentials` (they, or a signature, suffice), `jws` (a signature) or `bank` (its own answer to a poll), as in `PAID_OUT=jws,SIGNED=bank`",
      "`credentials` for all; but once the account's bank was seen to sign, a callback without a signature is held",
    ),
  ),
  callbackEventClaim: needing(
    "jwksUrl",
    shared(optional(text, "the claim of `jwsData` that carries the event", "looked for")),
  ),
  allowUnauthenticatedCallbacks: withDefault(
    flag,
    false,
    "without callback credentials: what no signature vouches for is held until a poll confirms it, at most `callbacksHeldPerMinuteMax`; otherwise the engine does not start without a JWKS, and refuses what is not signed",
  ),
}

const listening = {
  host: withDefault(text, "127.0.0.1", "the address that is listened on"),
  port: withDefault(port, 8_080, "its port; 0 for any that is free"),
  ...limits(serverLimitsDefault, {
    requestMsMax: "how long a request may take to come in",
    headersMsMax: "how long its headers may take",
    headerBytesMax: "how large headers may be",
    keepAliveMsMax: "how long a connection may rest between two requests",
    connectionsMax: "how many connections there may be; more are closed as they come",
    connectionsCheckMs: "how often slow connections are looked for",
    stopDrainMs: "how long a stop still serves while it says that it is not ready",
    stopMsMax: "how long a stop then waits for requests under way",
    readyMsMax:
      "how long the store may take to show that it can be written, before the engine counts as not ready",
  }),
}

const stopping = {
  stopWithLauncher: withDefault(
    flag,
    true,
    "whether `serve` stops when a package manager has started it (npx, npm, pnpm, yarn) and has ended; `false` for one that is to go on alone",
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
    "an SQLite file's path, for one engine; or `postgres://user:password@host:5432/database?sslmode=require`, for several; `…@one:5432,two:5432/…` names a primary and its standbys",
  ),
  databaseSchema: also(
    "small letters, digits and underscores, beginning with no digit and not with `pg_`",
    withDefault(text, postgresDefaults.schema, "PostgreSQL: the schema that holds the engine's tables"),
  ),
  databaseNotify: withDefault(
    flag,
    true,
    "PostgreSQL: whether engines wake each other by LISTEN and NOTIFY; `false` behind a pooler that shares sessions between transactions",
  ),
  ...limits(sqliteLimitsDefault, {
    queuedUpdatesMax: "how many records may wait for their commit before callbacks are answered 503",
    transactionUpdatesMax: "how many records share one transaction; 1,024 at most on PostgreSQL",
    staleRetryMsMax:
      "how long a record waits at most, at random, before it is decided again because another process was faster",
    busyTimeoutMs: "SQLite: how long to wait for another process that writes the file",
    readMsMax: "SQLite: how long a list, or a count of loans, may take before it is answered 503",
    walPagesMax: "SQLite: how long its log grows, in pages of 4,096 bytes, before it is copied into the file",
  }),
  ...limits(postgresOnly, {
    databasePartitions:
      "PostgreSQL: into how many partitions tables are split when they are made; 1,024 at most",
    databaseConnectionsMax: "PostgreSQL: how many connections one engine opens",
    databaseConnectionWaitMsMax: "PostgreSQL: how long a request waits for one before it is answered 503",
    databaseConnectMsMax: "PostgreSQL: how long opening a connection may take",
    databaseStatementMsMax: "PostgreSQL: how long one statement may take",
    databaseLockMsMax: "PostgreSQL: how long a statement may wait for another's lock",
    databaseNotifyMs: "PostgreSQL: how often the other engines are told at most that the feed has grown",
    databaseListenRetryMs:
      "PostgreSQL: how long after the session was lost that others are heard on, another one is opened",
    databaseMigrationMsMax: "PostgreSQL: how long the tables may take to be brought up to date",
  }),
  ...limits(
    { ...sealingDefaults, ...anchorLimitsDefault },
    {
      checkpointEveryMs: "how often the journal is sealed",
      checkpointRowsMax: "how many rows one checkpoint seals",
      anchorEveryMs: "how often the newest seal is kept beside the store",
    },
  ),
  anchorsFile: also(
    "no file of the store itself",
    optional(
      text,
      "the file that the newest seals are kept in, for `journal verify` to compare with; best on a disk that only this engine can write to",
      "`.<name>-anchors` beside an SQLite file; none on PostgreSQL",
    ),
  ),
  anchorsUrl: also(
    "https, or http to a loopback address",
    optional(url, "where each of them is sent to as well, by POST, as JSON"),
  ),
}

const callbacks = limits(
  { ...callbackReceiverLimitsDefault, ...callbackHealthDefaults },
  {
    callbackBytesMax: "how large a callback's body may be",
    callbackBodyMsMax: "how long it may take to come in",
    callbacksHeldPerMinuteMax:
      "how many callbacks that nothing vouches for are held of one account in a minute, those about known loans apart; more are answered 503",
    callbackHeldBytesMax: "how large the body of such a callback may be",
    callbacksUnauthorizedPerMinuteMax:
      "how many callbacks with wrong credentials one account may be sent in a minute; more are answered 429",
    issuedAtAgeMaxMs: "the oldest signed issue time that is believed",
    rejectionsKeptMax: "how many refused callbacks are remembered",
    callbackHealthEveryMs: "how often callbacks are counted",
    callbackHealthDays: "over how many days an account is judged",
    callbackMissedPercentMax: "the share of news without a callback that raises the alarm",
    callbackNewsMin: "how much news it takes to judge",
    callbackLateMsMax:
      "how long after its news a callback may still come: until then it is late, and not missed",
  },
)

const { pollJitterPercent, ...cadenceLimits } = cadenceLimitsDefault

const { webhookJitterPercent, ...webhookLimits } = webhookLimitsDefault

const polling = {
  ...limits(
    { ...pollerDefaults, ...cadenceLimits, ...breakerLimitsDefault },
    {
      pollMsMax: "how long the bank may take for one poll, all its questions together",
      pollRatePerSecond: "how many requests a second all accounts' banks together are sent",
      pollsInFlightMax: "how many polls may be under way at once",
      pollLeaseMs: "when a poll that a dead process had begun is due again",
      pollIdleMaxMs: "how often the list of what is due is looked at, if nothing else calls for it",
      pollStopMsMax:
        "how long a stop waits for the bank's answers; what it was not asked yet is given back at once",
      pollOvertakenMs: "how long the poller rests when other engines had taken all that was due",
      pollConfirmsPerRoutineMax:
        "how many of an account's confirmations go to one of its routine polls while both wait",
      pollConfirmsAheadMax: "how many requests its confirmations may go before other accounts' polls",
      pollIntervalMaxMs: "the longest interval of a loan that may still move",
      pollSoonMs: "how soon what is doubtful is confirmed",
      pollConfirmRetryMs: "how soon a confirmation that brought no answer is tried again",
      pollConfirmAttemptsMax:
        "after how many polls without an answer a dispute, or a callback that the bank must confirm, is left to a person: its loan is stalled",
      pollAttemptsMax: "after how many polls without news a loan is stalled",
      pollStalledMs: "its interval from then on",
      additionGraceMs:
        "how much later than a request for documents the bank must be asked for its answer to say that it waits for none any more",
      pollsPerQuote: "every how many polls an approved loan's decision is asked for too",
      breakerFailuresMax: "after how many failures in a row an account's bank is left alone",
      breakerOpenMs: "for how long",
    },
  ),
  ...limits(
    horizonsDefault,
    {
      submittedHorizonDays:
        "how many days the bank is asked about an undecided loan of which it says nothing new; then the loan is dormant",
      manualInspectionHorizonDays: "the same, of a loan that it inspects by hand",
      approvedHorizonDays: "the same, of an offer that nobody signs",
      waitingForAdditionHorizonDays: "the same, of a loan whose documents nobody sends",
      signedHorizonDays: "the same, of a signed loan that is not paid out",
      unconfirmedHorizonDays: "the same, of a dispute, a rejection or a pay-out that it does not confirm",
      dormantWeeklyDays: "for how many days a dormant loan is asked about every week",
      dormantMonthlyDays: "for how many days after that every month; then no more",
      closedMonthlyDays: "for how many days a closed loan is asked about every month; 0 for not at all",
    },
    kinds.natural,
  ),
  pollIntervalScale: withDefault(
    factor,
    1,
    "multiplies every interval; below 1 for a bank whose time runs faster",
  ),
  ...limits(
    { pollJitterPercent },
    { pollJitterPercent: "how far an interval may stray either way" },
    percent,
  ),
}

const webhooks = {
  webhookUrls: also(
    "https, or http to a loopback address, without a user; each with a secret",
    optional(
      kinds.pairsOf({
        expected:
          "a list such as crm=https://crm.example/hooks,erp=https://erp.example/hooks: names of your own, each once, and their URLs, a comma in one as %2C",
        example: { crm: "https://crm.example/hooks" },
        schema: Schema.Record(Schema.String, Schema.NonEmptyString),
      }),
      "the services that are told of every change, by names of your own: `crm=https://crm.example/hooks,erp=…`",
    ),
  ),
  webhookSecrets: also(
    "each `whsec_` and 24 to 64 random bytes as base64; each of a name in `webhookUrls`",
    optional(
      kinds.secretPairs({
        expected:
          "a list such as crm=whsec_…,erp=whsec_…: the endpoints' names and their secrets, of an endpoint several with spaces between them",
        example: { crm: "whsec_…" },
        schema: Schema.Record(Schema.String, Schema.NonEmptyString),
      }),
      "what signs the messages to each: `crm=whsec_…,erp=whsec_…`; several with a space between them all sign, while they are rotated. `loan-engine webhooks secret` makes one",
    ),
  ),
  ...limits(webhookLimits, {
    webhookRequestMsMax: "how long a receiver may take for one message",
    webhookConnectMsMax: "how long the connection to it may take",
    webhookAnswerBytesMax: "how much of its answer is read",
    webhooksInFlightMax: "how many messages may be under way to one endpoint, each of another loan",
    webhookPageRowsMax: "how many changes, and how many loans that wait, are taken up at once",
    webhookPollMs: "how often it is looked for what is due, and for what another process wrote",
    webhookStoreRetryMs: "how long deliveries rest after the store could not be read or written",
    webhookLeaseMs:
      "PostgreSQL: when another engine delivers instead of one that has died; four times `webhookRequestMsMax` at least",
    webhookRetryAfterMsMax: "the longest wait that a receiver may ask for",
    webhookWatchEveryMs: "how often endpoints are counted, and disabled ones told of",
  }),
  ...limits(
    { webhookJitterPercent },
    { webhookJitterPercent: "how far a retry may stray from its time either way" },
    percent,
  ),
}

const api = {
  apiKey: also(longKey, optional(key, "a bearer key of every route under `/v1`, with all scopes")),
  apiKeys: also(
    "of that form, no name twice, and none called `default` beside `apiKey`",
    optional(
      texts,
      `more keys, each \`name:scopes:digest\`: ${scopes.map((scope) => `\`${scope}\``).join(", ")} with \`+\` between them, and the SHA-256 of a long random key in hex`,
    ),
  ),
  corsOrigins: also(
    "each a scheme and a host, nothing behind",
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
      wrongKeysPerSourceMax: "how many wrong keys one address may send in a minute before it is told to wait",
      wrongKeysPerMinuteMax: "how many all addresses together may send",
      accountsAgeMaxMs: "how old what is told of the accounts may be",
      loansScannedMax: "how many loans are looked at for one page of a list",
      changeStreamsMax: "how many streams of changes may be open",
      changesUnreadMsMax: "how long a reader may leave what it was sent unread",
      changesHeartbeatMs: "how long a stream may be silent",
      changesPollMs: "how often it looks for what another process wrote",
      changesPageRowsMax: "how many changes are read from the journal at once",
    },
  ),
}

const console = {
  console: withDefault(flag, true, "whether the operators' console is served at `/console`"),
}

const telemetry = {
  metricsEnabled: withDefault(flag, true, "whether there is `/metrics`"),
  metricsKey: also(longKey, optional(key, "the bearer key it asks for; without one everybody may read it")),
  ...limits(metricsLimitsDefault, { loanCountsAgeMaxMs: "how old the loans' numbers in it may be" }),
  otlpUrl: optional(
    kinds.collector,
    "an OTLP/HTTP collector that traces are sent to as JSON, such as `http://localhost:4318`",
  ),
  otlpHeaders: needing(
    "otlpUrl",
    optional(
      kinds.secretPairs({
        expected: "a list such as api-key=…,x-team=loans: names and values, with commas between them",
        example: { "x-team": "loans" },
        schema: headers,
      }),
      "its headers: `key=value,…`",
    ),
  ),
  otlpServiceName: withDefault(text, "loan-engine", "what traces call this service"),
  ...limits(traceExportLimitsDefault, {
    traceExportIntervalMs: "how often spans are sent",
    traceExportMsMax: "how long the collector may take for them",
    traceBatchSpansMax: "how many spans go together",
    traceExportsInFlightMax: "how many times at once; what comes on top is dropped",
  }),
  logFormat: optional(choice(logFormats), "how stderr is written", "`pretty` on a terminal, else `json`"),
  logLevel: withDefault(choice(logLevelNames), "info", "from which level on"),
}

const environment = {
  otherVariables: withDefault(
    texts,
    [],
    "variables that begin with `LOAN_ENGINE_` and are another program's: they are left alone, where any other that is no setting is refused",
  ),
}

const route = {
  bankProxyUrl: optional(
    kinds.proxy,
    "the proxy to the bank, its keys and its test utility, for https; loopback addresses go without it",
    "what `HTTPS_PROXY` or `https_proxy` says, else `ALL_PROXY`, which must be http or https too",
  ),
  bankNoProxy: {
    ...withDefault(
      kinds.spacedTexts,
      [],
      "the hosts that are asked without the proxy: `bank.internal`, `.internal` for all below it, or `*`",
    ),
    defaultShown: "what `NO_PROXY` or `no_proxy` says",
  },
  bankCaFile: optional(
    text,
    "a file of certificates in PEM: authorities that are trusted beside those that Node knows (`NODE_EXTRA_CA_CERTS` adds to those, for everything that the process does)",
  ),
  bankPlainHttpHosts: withDefault(
    kinds.hosts,
    [],
    "the hosts that may be asked over plain http: passwords travel readable, so name only hosts of your own network",
  ),
}

const testing = {
  triggerUrl: withDefault(
    kinds.baseUrl,
    "https://cl-callback-test-util.integration.resurs.com/api/external_test_utils/v1/ext-test-utils/agent",
    "where the bank's test utility is, which `loan-engine trigger` calls; the bank has moved it before",
  ),
  triggerPath: withDefault(
    kinds.triggerPath,
    "/{action}/{applicationReference}",
    "the path of one call behind it",
  ),
}

/** Every setting but the accounts', in the order in which they are documented. */
export const settingGroups = {
  Listening: { ...listening, ...stopping },
  "The store": store,
  Callbacks: callbacks,
  Polling: polling,
  Webhooks: webhooks,
  "The API": { ...api, ...console },
  Telemetry: telemetry,
  "The way to the bank": route,
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
  ...console,
  ...telemetry,
  ...route,
  ...testing,
  ...environment,
}

export type EngineValues = ValuesOf<typeof engineSettings>
export type AccountValues = ValuesOf<typeof accountSettings>

/** What is set for one account, as code or a file gives it. */
export type AccountSettings = WrittenOf<typeof accountSettings>

/**
 * All settings, as code or a file gives them; what is left out is as it is by default. An account's setting that stands
 * beside the accounts counts for each account without its own, unless it is what tells accounts apart.
 */
export interface LoanEngineSettings
  extends WrittenOf<typeof engineSettings>, WrittenOf<typeof accountSettings> {
  /** The accounts by name, which is also the last part of the callback's path: `se`, `no`, … One called `default` without. */
  readonly accounts?: Readonly<Record<string, AccountSettings>>
}
