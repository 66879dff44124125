import { Redacted } from "effect"
import type { AnySetting, Settings } from "../../packages/app/src/config/setting.ts"
import { accountSettings, settingGroups } from "../../packages/app/src/config/settings.ts"
import { variableOf } from "../../packages/app/src/config/variable-names.ts"

/** The page of all settings, as Markdown: what each is called by code, file and environment, and what it is by default. */
export function settingsPage(): string {
  const groups = Object.entries<Settings>(settingGroups).map(
    ([title, settings]) => `## ${title}\n\n${table(settings)}`,
  )
  return (
    [introduction, `## Accounts\n\n${accounts}\n\n${table(accountSettings)}`, ...groups].join("\n\n") + "\n"
  )
}

const introduction = `# Settings

This page is written from the code by \`npx -y pnpm@12 test test/docs -u\`.

The same settings can be given in three ways, and all of them are checked before anything starts. Nothing that is given is passed
over or taken for something else: a name that is no setting is refused, with the nearest name that is one, and so is a value that
is not what the table says it must be. Everything that is wrong is told at once, by the name that it was given.

- **Code**: \`openLoanEngine({ databaseUrl: "loans.sqlite", accounts: { se: { … } } })\`.
- **A file**: one JSON object with the same names; \`LOAN_ENGINE_CONFIG_FILE\` says where it is.
- **The environment**: the variables below. They go before the file. An empty variable counts as not set. A variable that begins with
  \`LOAN_ENGINE_\` and is none of them is refused; if it is another program's, \`LOAN_ENGINE_OTHER_VARIABLES\` names it. Only what
  Kubernetes sets for a service called loan-engine is left alone.
- **A secret** may also be in a file of its own: \`LOAN_ENGINE_BANK_PASSWORD_FILE\` names the file that holds the bank's password, and so
  on for each that is marked as secret. The file holds one line of UTF-8. To set both the variable and its \`_FILE\` is refused.

Also refused: a prefix that is misspelt (\`LOAN_ENIGNE_PORT\`), a variable with quotation marks around its value, which some ways of setting
variables leave there, and accounts of a file that \`LOAN_ENGINE_ACCOUNTS\` leaves out.

Line ends around a value are never part of it, wherever it is given. No secret is ever printed, nor a value that was refused.

Code knows nothing of the environment unless it asks for it: \`openLoanEngine({}, { environment: process.env })\`.
\`loan-engine config\` prints what is in force and where it is from, with secrets hidden. Names that end in \`Ms\` are in milliseconds,
those in \`Bytes…\` in bytes.`

const accounts = `An account is one set of credentials at the bank, usually one for each country. Its name is the last part of its callbacks' path:
\`/callbacks/se\`. \`LOAN_ENGINE_ACCOUNTS=se,no\` names them in the environment, and each has variables of its own, such as
\`LOAN_ENGINE_SE_BANK_PASSWORD\`; code and files give an object by account, \`{"accounts": {"se": {"bankPassword": …}}}\`. What is given
without an account's name counts for every account that has none of its own, but only where the table says so: what tells accounts
apart must say whose it is. Without names there is one account, \`default\`, and all is given without a name:
\`LOAN_ENGINE_BANK_PASSWORD\`.`

function table(settings: Settings): string {
  const rows = Object.entries(settings).map(
    ([name, setting]) =>
      `| \`${name}\` | \`${variableOf(name)}\` | ${defaultOf(setting)} | ${aboutOf(setting)} | ${refusedUnless(setting)} |`,
  )
  const head = [
    "| setting | variable | default | what it is | must be, or is refused |",
    "| --- | --- | --- | --- | --- |",
  ]
  return [...head, ...rows].join("\n")
}

const aboutOf = ({ about, kind, sharedByAccounts }: AnySetting): string =>
  [
    about,
    ...(kind.secret ? ["secret"] : []),
    ...(sharedByAccounts === true ? ["may count for all accounts"] : []),
  ].join("; ")

const refusedUnless = ({ kind, also, needs }: AnySetting): string =>
  [
    kind.expected,
    ...(also === undefined ? [] : [also]),
    ...(needs === undefined ? [] : [`not without \`${needs}\``]),
  ].join("; ")

function defaultOf({ default: value, defaultShown }: AnySetting): string {
  if (defaultShown !== undefined) return defaultShown
  const plain = Redacted.isRedacted(value) ? Redacted.value(value) : value
  if (Array.isArray(plain)) return plain.length === 0 ? "none" : plain.map(String).join(", ")
  return `\`${typeof plain === "string" ? plain : JSON.stringify(plain)}\``
}
