import { issuedAtAgeMaxMs } from "@loan-engine/adapters-http/callback/receiver"
import { rejectionsKeptMax } from "@loan-engine/adapters-http/callback/rejection-log"
import { checkpointRowsMax } from "@loan-engine/app/feed/sealing"
import { pollConfirmsAheadMax, pollConfirmsPerRoutineMax } from "@loan-engine/app/polling/poll-order"
import { pollOvertakenMs } from "@loan-engine/app/polling/poller"
import { staleRetryMsMax } from "@loan-engine/app/store/group-commit"
import { databaseNotifyMs } from "@loan-engine/app/store/postgres/news"
import { traceExportsInFlightMax } from "@loan-engine/app/telemetry/trace-export"
import { webhookJitterPercent } from "@loan-engine/app/webhooks/schedule"
import { webhookAnswerBytesMax } from "@loan-engine/app/webhooks/sender"
import { Redacted } from "effect"
import type { AnySetting, Settings } from "../../../packages/app/src/config/setting.ts"
import { accountSettings, environment } from "../../../packages/app/src/config/settings.ts"
import { api } from "../../../packages/app/src/config/settings/api.ts"
import { route, testing } from "../../../packages/app/src/config/settings/bank-route.ts"
import { callbacks } from "../../../packages/app/src/config/settings/callbacks.ts"
import { listening } from "../../../packages/app/src/config/settings/listening.ts"
import { polling } from "../../../packages/app/src/config/settings/polling.ts"
import { store } from "../../../packages/app/src/config/settings/store.ts"
import { telemetry } from "../../../packages/app/src/config/settings/telemetry.ts"
import { webhooks } from "../../../packages/app/src/config/settings/webhooks.ts"
import { variableOf } from "../../../packages/app/src/config/variable-names.ts"

/** The settings in the order of the page. */
const settingGroups = {
  Listening: listening,
  "The store": store,
  Callbacks: callbacks,
  Polling: polling,
  Webhooks: webhooks,
  "The API": api,
  Telemetry: telemetry,
  "The route to the bank": route,
  "The bank's test environment": testing,
  "The environment": environment,
}

/** The page of all settings, as Markdown: the names of each in code, file and environment, and its default. */
export function settingsPage(): string {
  const groups = Object.entries<Settings>(settingGroups).map(
    ([title, settings]) => `## ${title}\n\n${table(settings)}`,
  )
  return (
    [introduction, `## Accounts\n\n${accounts}\n\n${table(accountSettings)}`, ...groups, fixed].join("\n\n") +
    "\n"
  )
}

const introduction = `# Settings

This page is written from the code by \`npx -y pnpm@12 test test/docs -u\`.

There are three ways to give a setting. The engine checks all of them before it starts. It refuses an unknown name, and suggests the nearest
known one. It also refuses a value that the table does not accept. It reports all faults at once, each by the name that you used.

- **Code**: \`openLoanEngine({ databaseUrl: "loans.sqlite", accounts: { se: { … } } })\`.
- **A file**: one JSON object with the same names. \`LOAN_ENGINE_CONFIG_FILE\` is its path.
- **The environment**: the variables below. They override the file. An empty variable counts as not set. The engine refuses an unknown
  variable that begins with \`LOAN_ENGINE_\`. If it belongs to another program, name it in \`LOAN_ENGINE_OTHER_VARIABLES\`. The engine
  ignores only the variables that Kubernetes sets for a service named loan-engine.
- **A secret** may also be in its own file: \`LOAN_ENGINE_BANK_PASSWORD_FILE\` names the file with the bank's password, and so
  on for each secret. The file holds one line of UTF-8. If both the variable and its \`_FILE\` are set, the engine refuses them.

The engine also refuses a misspelt prefix (\`LOAN_ENIGNE_PORT\`), a variable with quotation marks around its value (some ways of setting
variables leave them there), and accounts in a file that \`LOAN_ENGINE_ACCOUNTS\` does not name.

Line ends around a value are never part of it. The engine never prints a secret, or a value that it refused.

Code reads the environment only if you pass it: \`openLoanEngine({}, { environment: process.env })\`.
\`loan-engine config\` prints the settings in force and where each comes from, with secrets hidden. Names that end in \`Ms\` or \`MsMax\` are in
milliseconds, names with \`Bytes\` in bytes.`

const accounts = `An account is one set of credentials at the bank, usually one for each country. Its name is the last part of its callbacks' path:
\`/callbacks/se\`. In the environment, \`LOAN_ENGINE_ACCOUNTS=se,no\` names the accounts, and each has its own variables, such as
\`LOAN_ENGINE_SE_BANK_PASSWORD\`. Code and files give an object by account, \`{"accounts": {"se": {"bankPassword": …}}}\`. A setting
without an account's name applies to every account that does not set it, but only if the table says "may be set once for all accounts".
Other settings tell accounts apart, so each account must set them. Without names there is one account, \`default\`, and all settings
are given without a name: \`LOAN_ENGINE_BANK_PASSWORD\`.`

function table(settings: Settings): string {
  const rows = Object.entries(settings).map(
    ([name, setting]) =>
      `| \`${name}\` | \`${variableOf(name)}\` | ${defaultOf(setting)} | ${aboutOf(setting)} | ${acceptedBy(setting)} |`,
  )
  const head = [
    "| setting | variable | default | what it is | accepted values |",
    "| --- | --- | --- | --- | --- |",
  ]
  return [...head, ...rows].join("\n")
}

const aboutOf = ({ about, kind, sharedByAccounts }: AnySetting): string =>
  [
    about,
    ...(kind.secret ? ["secret"] : []),
    ...(sharedByAccounts === true ? ["may be set once for all accounts"] : []),
  ].join("; ")

const acceptedBy = ({ kind, also, needs }: AnySetting): string =>
  [
    kind.expected,
    ...(also === undefined ? [] : [also]),
    ...(needs === undefined ? [] : [`refused without \`${needs}\``]),
  ].join("; ")

function defaultOf({ default: value, defaultShown }: AnySetting): string {
  if (defaultShown !== undefined) return defaultShown
  const plain = Redacted.isRedacted(value) ? Redacted.value(value) : value
  if (Array.isArray(plain)) return plain.length === 0 ? "none" : plain.map(String).join(", ")
  return `\`${typeof plain === "string" ? plain : JSON.stringify(plain)}\``
}

const fixedLimits: ReadonlyArray<readonly [name: string, value: number, about: string]> = [
  ["issuedAtAgeMaxMs", issuedAtAgeMaxMs, "the oldest signed issue time that the engine accepts"],
  ["rejectionsKeptMax", rejectionsKeptMax, "how many refused callbacks are kept in memory"],
  [
    "pollConfirmsPerRoutineMax",
    pollConfirmsPerRoutineMax,
    "how many confirmations of an account run before one of its routine polls while both wait",
  ],
  [
    "pollConfirmsAheadMax",
    pollConfirmsAheadMax,
    "how many requests an account's confirmations may be ahead of other accounts' polls",
  ],
  ["pollOvertakenMs", pollOvertakenMs, "how long the poller waits if other engines took all due polls"],
  ["webhookAnswerBytesMax", webhookAnswerBytesMax, "how much of a receiver's answer the engine reads"],
  [
    "webhookJitterPercent",
    webhookJitterPercent,
    "the random variation of a retry's time, in percent either way",
  ],
  ["checkpointRowsMax", checkpointRowsMax, "how many rows one checkpoint may seal"],
  [
    "staleRetryMsMax",
    staleRetryMsMax,
    "the longest random wait before a record is decided again because another process was faster",
  ],
  [
    "databaseNotifyMs",
    databaseNotifyMs,
    "PostgreSQL: the shortest time between two notifications that the feed has grown",
  ],
  [
    "traceExportsInFlightMax",
    traceExportsInFlightMax,
    "how many exports of spans may be under way at once; the engine drops further ones",
  ],
]

const fixed = [
  "## Fixed limits",
  "",
  "These are constants of the program. No operator had a reason to change them, so they are no settings.",
  "",
  "| limit | value | what it is |",
  "| --- | --- | --- |",
  ...fixedLimits.map(([name, value, about]) => `| \`${name}\` | \`${value}\` | ${about} |`),
].join("\n")
