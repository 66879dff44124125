import { Redacted } from "effect"
import type { AnySetting, Settings } from "./setting.ts"
import { accountSettings, settingGroups } from "./settings.ts"
import { variableOf } from "./sources.ts"

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

The same settings can be given in three ways, and all of them are checked before anything starts; everything that is wrong is told
at once, by the name that it was given.

- **Code**: \`openLoanEngine({ databaseUrl: "loans.sqlite", accounts: { se: { … } } })\`.
- **A file**: one JSON object with the same names; \`LOAN_ENGINE_CONFIG_FILE\` says where it is. A name that is no setting is refused.
- **The environment**: the variables below. They go before the file. What is no setting is only warned of, because others may have
  variables that begin alike. An empty variable counts as not set. A secret may be in a file of its own: \`LOAN_ENGINE_BANK_PASSWORD_FILE\`
  names the file that holds the bank's password, and so on for each that is marked as secret.

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
      `| \`${name}\` | \`${variableOf(name)}\` | ${defaultOf(setting)} | ${aboutOf(setting)} |`,
  )
  return ["| setting | variable | default | what it is |", "| --- | --- | --- | --- |", ...rows].join("\n")
}

const aboutOf = ({ about, kind, sharedByAccounts }: AnySetting): string =>
  [
    about,
    ...(kind.secret ? ["secret"] : []),
    ...(sharedByAccounts === true ? ["may count for all accounts"] : []),
  ].join("; ")

function defaultOf({ default: value, defaultShown }: AnySetting): string {
  if (defaultShown !== undefined) return defaultShown
  const plain = Redacted.isRedacted(value) ? Redacted.value(value) : value
  if (Array.isArray(plain)) return plain.length === 0 ? "none" : plain.map(String).join(", ")
  return `\`${typeof plain === "string" ? plain : JSON.stringify(plain)}\``
}
