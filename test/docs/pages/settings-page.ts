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

\`npx -y pnpm@12 test test/docs -u\` writes this page from the code. \`loan-engine config\` prints the settings in force and the origin of
each, with secrets hidden.

There are three places for a setting:

- **Code**: \`openLoanEngine({ databaseUrl: "loans.sqlite", accounts: { se: { … } } })\`.
- **A file**: one JSON object with the same names. \`LOAN_ENGINE_CONFIG_FILE\` is the file's path. If the file names
  [settings.schema.json](settings.schema.json) as its \`$schema\`, an editor completes and checks the names.
- **The environment**: the variables in the tables below. A variable overrides the file. Code reads the environment only if you pass it:
  \`openLoanEngine({}, { environment: process.env })\`.

The engine checks all settings before it starts. It refuses an unknown name, and suggests the nearest known name. It also refuses a value that
the table does not accept. It reports all faults at once, each by the name that you used.

Names that end in \`Ms\` or \`MsMax\` are in milliseconds. Names with \`Bytes\` are in bytes.

## Variables and secrets

- An empty variable counts as not set.
- The engine refuses an unknown variable that begins with \`LOAN_ENGINE_\`. If such a variable belongs to another program, name it in
  \`LOAN_ENGINE_OTHER_VARIABLES\`. The engine ignores by itself only the variables that Kubernetes sets for a service named loan-engine.
- The engine refuses a misspelt prefix, such as \`LOAN_ENIGNE_PORT\`.
- The engine refuses a value with quotation marks around it, because some tools leave them there by mistake.
- The engine refuses a file that has an account which \`LOAN_ENGINE_ACCOUNTS\` does not name.
- Each secret may be in a file of its own. For example, \`LOAN_ENGINE_BANK_PASSWORD_FILE\` names the file with the bank's password. The file
  holds one line of UTF-8. If both the variable and its \`_FILE\` are set, the engine refuses them.
- A line end before or after a value is not part of the value.
- The engine never prints a secret, or a value that it refused.`

const accounts = `An account is one set of credentials at the bank, usually one for each country. The account's name is the last part of the path of its
callbacks: \`/callbacks/se\`.

- In the environment, \`LOAN_ENGINE_ACCOUNTS=se,no\` names the accounts. Each account has its own variables, such as
  \`LOAN_ENGINE_SE_BANK_PASSWORD\`.
- In code and in a file, give an object by account: \`{"accounts": {"se": {"bankPassword": …}}}\`.
- If you name no accounts, there is one account, \`default\`. Its settings have no account name: \`LOAN_ENGINE_BANK_PASSWORD\`.

If the table says "May be set once for all accounts", you may set the value without an account's name. It then applies to every account that
does not set its own value. Every other setting identifies an account, so each account must set it.`

function table(settings: Settings): string {
  const rows = Object.entries(settings).map(
    ([name, setting]) =>
      `| \`${name}\` | \`${variableOf(name)}\` | ${defaultOf(name, setting)} | ${aboutOf(setting)} | ${acceptedBy(setting)} |`,
  )
  const head = [
    "| setting | variable | default | what it is | accepted values |",
    "| --- | --- | --- | --- | --- |",
  ]
  return [...head, ...rows].join("\n")
}

const aboutOf = ({ about, kind, sharedByAccounts }: AnySetting): string =>
  sentences([
    about,
    ...(kind.secret ? ["This is a secret"] : []),
    ...(sharedByAccounts === true ? ["May be set once for all accounts"] : []),
  ])

const acceptedBy = ({ kind, also, needs }: AnySetting): string =>
  sentences([
    kind.expected,
    ...(also === undefined ? [] : [also]),
    ...(needs === undefined ? [] : [`It needs \`${needs}\``]),
  ])

/** Texts as sentences. A single phrase stays a phrase. */
const sentences = (texts: ReadonlyArray<string>): string =>
  texts.length === 1 ? texts.join("") : `${texts.join(". ")}.`

function defaultOf(name: string, { default: value, defaultShown }: AnySetting): string {
  if (defaultShown !== undefined) return defaultShown
  const plain = Redacted.isRedacted(value) ? Redacted.value(value) : value
  if (Array.isArray(plain)) return plain.length === 0 ? "none" : plain.map(String).join(", ")
  if (plain === "") return "none"
  return `\`${typeof plain === "string" ? plain : JSON.stringify(plain)}\`${inWords(name, plain)}`
}

const unitsOfTime = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const

/** A large number of milliseconds or bytes in a larger unit, if the unit fits. */
function inWords(name: string, value: unknown): string {
  if (typeof value !== "number") return ""
  if (name.includes("Bytes") && value % 1_024 === 0) return ` (${value / 1_024} KiB)`
  const unit = /Ms(?:Max)?$/u.test(name) ? unitsOfTime.find(([ms]) => value % ms === 0) : undefined
  return unit === undefined ? "" : ` (${value / unit[0]} ${unit[1]})`
}

const fixedLimits: ReadonlyArray<readonly [name: string, value: number, about: string]> = [
  ["issuedAtAgeMaxMs", issuedAtAgeMaxMs, "the greatest age of a signed issue time that the engine accepts"],
  ["rejectionsKeptMax", rejectionsKeptMax, "how many refused callbacks the engine keeps in memory"],
  [
    "pollConfirmsPerRoutineMax",
    pollConfirmsPerRoutineMax,
    "how many confirmations of an account run before one of its routine polls, if both wait",
  ],
  [
    "pollConfirmsAheadMax",
    pollConfirmsAheadMax,
    "how many requests for confirmations an account may send before the other accounts have their turn",
  ],
  ["pollOvertakenMs", pollOvertakenMs, "how long the poller waits after other engines took all due polls"],
  ["webhookAnswerBytesMax", webhookAnswerBytesMax, "how many bytes of a receiver's answer the engine reads"],
  [
    "webhookJitterPercent",
    webhookJitterPercent,
    "the random variation of the wait before a retry, in percent up or down",
  ],
  ["checkpointRowsMax", checkpointRowsMax, "how many rows one checkpoint may seal"],
  [
    "staleRetryMsMax",
    staleRetryMsMax,
    "the longest random wait before the engine decides an update again, after another process changed the same loan",
  ],
  [
    "databaseNotifyMs",
    databaseNotifyMs,
    "PostgreSQL: the shortest time between two notifications about new changes",
  ],
  [
    "traceExportsInFlightMax",
    traceExportsInFlightMax,
    "how many exports of spans the engine sends at the same time. It drops further spans",
  ],
]

const fixed = [
  "## Fixed limits",
  "",
  "These limits are constants of the program, because no operator had a reason to change them.",
  "",
  "| limit | value | what it is |",
  "| --- | --- | --- |",
  ...fixedLimits.map(
    ([name, value, about]) => `| \`${name}\` | \`${value}\`${inWords(name, value)} | ${about} |`,
  ),
].join("\n")
