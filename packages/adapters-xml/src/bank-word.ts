/** Names of the bank's are short and ASCII; anything else is left as it is. */
const asciiName = /^[\t\r\n -~]{1,200}$/u

/**
 * A name of the bank's in the form in which its page writes it: `CREDIT_DECISION_UPDATED` for `Credit decision updated`,
 * `credit-decision-updated` and `creditDecisionUpdated`. The bank has no two names that differ in case or separators only.
 */
export function bankWord(text: string): string {
  if (!asciiName.test(text)) return text
  return text
    .trim()
    .replace(/([a-z])(?=[A-Z])/gu, "$1_")
    .replace(/[\s_-]+/gu, "_")
    .toUpperCase()
}

/** A member's name without what its writers differ in: `application_reference` and `ApplicationReference` are one. */
export const foldedName = (name: string): string => name.replace(/[\s_-]/gu, "").toLowerCase()

/** Words that say that something is not so, or not yet. A name with one of them in it is no method that was used. */
const negations: ReadonlySet<string> = new Set(
  (
    "NOT NON NONE NEVER WITHOUT FALSE TRUE YES NULL NIL NA UNKNOWN UNDEFINED EMPTY MISSING ABSENT UNSIGNED INVALID ERROR " +
    "FAILED FAILURE ABORTED CANCELLED CANCELED DECLINED REJECTED REFUSED EXPIRED PENDING WAITING AWAITING AWAITED STARTED " +
    "CREATED INITIATED REQUESTED SENT PROGRESS PROCESSING ONGOING SCHEDULED EXPECTED INCOMPLETE TODO YET NEJ NEI EJ EI INTE IKKE"
  ).split(" "),
)

/** Words that say so at one end of a name only: `NO_METHOD` and `SIGNING_OPEN`, but `BANKID_NO` and `OPEN_BANKING`. */
const negatesAtBegin = /^NO(?:_|$)/u
const negatesAtEnd = /(?:^|_)OPEN$|^(?:IS_)?SIGN(?:ED|ING)?_NO$/u

/** Two letters or more, in any script, with digits behind them; a bank's word has its separators as underscores. */
const methodName = /^\p{L}[\p{L}_]*\p{L}(?:_?[0-9]{1,3})?(?:_V[0-9]{1,2})?$/u

/**
 * Whether a text can be the name of a way to sign: `E_SIGN`, or a name that we do not know, but not `NO`, `0`, `?` or
 * `NOT_SIGNED`. A choice of two, such as `E_SIGN|ANALOG`, is no name.
 */
export function isMethodName(text: string): boolean {
  const word = bankWord(text).replace(/(?<=\p{L})\.(?=\p{L})/gu, "_")
  if (!methodName.test(word)) return false
  const upper = word.toUpperCase()
  if (negatesAtBegin.test(upper) || negatesAtEnd.test(upper)) return false
  return upper.split("_").every((part) => !negations.has(part))
}
