import { didYouMean, distanceOf } from "../base/nearest.ts"
import { prefix, variableOf } from "./variable-names.ts"

/** All names that are known. */
export interface Known {
  readonly engine: ReadonlyArray<string>
  readonly account: ReadonlyArray<string>
  readonly accounts: ReadonlyArray<string>
  /** Variables that belong to another program, according to the settings. */
  readonly otherVariables: ReadonlyArray<string>
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Variables that Kubernetes sets. If a service is named loan-engine or loan-engine-…, Kubernetes describes it to
 * every pod in variables with our prefix. No person has written them, so they are ignored. `LOAN_ENGINE_PORT` is
 * different: it is also our own setting. It is refused, and the message says what to do.
 */
const serviceLinks: ReadonlyArray<{ readonly name: RegExp; readonly value: RegExp }> = [
  { name: /_SERVICE_HOST$/u, value: /^[\d.:a-f]+$/u },
  { name: /_SERVICE_PORT(?:_[A-Z0-9_]+)?$/u, value: /^\d+$/u },
  { name: /_PORT$/u, value: /^(?:tcp|udp|sctp):\/\//u },
  { name: /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/u, value: /./u },
]

const isServiceLink = (name: string, text: string): boolean =>
  serviceLinks.some((link) => link.name.test(name) && link.value.test(text))

const letters = "LOANENGINE"
const inOrder = (text: string): string => text.split("").toSorted().join("")

/**
 * Whether a name begins with our prefix or a misspelling of it: one letter added, missing or changed, or the letters
 * in another order.
 */
function isLikeOurs(name: string): boolean {
  const [, begin = ""] = /^([A-Z]+_*[A-Z]+)_+[A-Z\d]/u.exec(name) ?? []
  const [, joined = ""] = /^([A-Z]+)_+[A-Z\d]/u.exec(name) ?? []
  return [begin.replaceAll("_", ""), joined].some(
    (written) => distanceOf(written, letters) <= 1 || inOrder(written) === inOrder(letters),
  )
}

/**
 * One line for each variable whose name looks like a setting but is none. `asked` contains the variables that are
 * read.
 */
export function unknownVariables(
  variables: Variables,
  asked: ReadonlySet<string>,
  known: Known,
): ReadonlyArray<string> {
  return Object.entries(variables)
    .filter(([name, text]) => {
      const written = name.toUpperCase()
      if (!isLikeOurs(written) || text === undefined || text.trim() === "") return false
      if (known.otherVariables.includes(name) || isServiceLink(name, text)) return false
      // Windows does not distinguish upper and lower case. Both names have the same value there.
      return !asked.has(name) && !(asked.has(written) && variables[written] === text)
    })
    .map(([name]) => refusal(name, asked, known))
    .toSorted()
}

const wayOut = `If it belongs to another program, name it in ${variableOf("otherVariables")}.`

function refusal(name: string, asked: ReadonlySet<string>, known: Known): string {
  const account = accountIn(name, known)
  if (account === undefined) {
    const bare = name.replace(/_FILE$/u, "")
    const meant = asked.has(bare) ? ` Set ${bare} itself: it is not a secret.` : didYouMean(name, asked)
    return `${name} is not a setting.${meant} ${wayOut}`
  }
  const list = known.accounts.join(", ")
  return `${name} is for an account ${account}, which ${prefix}ACCOUNTS does not name: it names ${list}. ${wayOut}`
}

/** The account in a variable's name. It is the part before the name of an account's setting. */
function accountIn(name: string, { account, accounts }: Known): string | undefined {
  if (accounts.length < 2) return undefined
  for (const setting of account) {
    const ending = `_${variableOf(setting).slice(prefix.length)}`
    const bare = name.replace(/_FILE$/u, "")
    const owner = bare.slice(prefix.length, -ending.length)
    const isOwn = accounts.some((each) => variableOf(setting, each) === bare)
    if (bare.endsWith(ending) && owner !== "" && !isOwn) return owner
  }
  return undefined
}
