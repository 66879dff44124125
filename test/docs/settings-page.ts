import { Redacted } from "effect"
import type { AnySetting, Settings } from "../../packages/app/src/config/setting.ts"
import { accountSettings, settingGroups } from "../../packages/app/src/config/settings.ts"
import { variableOf } from "../../packages/app/src/config/variable-names.ts"

/** The page of all settings, as Markdown: the names of each in code, file and environment, and its default. */
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
