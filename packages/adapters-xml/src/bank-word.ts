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

/** What is written where there is no value. None of these is a name or a number. */
const noValues: ReadonlySet<string> = new Set([
  "",
  "_",
  "N/A",
  "NA",
  "NONE",
  "NULL",
  "NIL",
  "UNKNOWN",
  "FALSE",
])

/** Whether a text only says that there is no value. */
export const isNoValue = (text: string): boolean => noValues.has(bankWord(text))
