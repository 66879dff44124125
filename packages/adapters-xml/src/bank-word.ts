import { withoutBlanks } from "@loan-engine/domain/blanks"

/** The bank's names are short and ASCII. Other texts are not changed. */
const asciiName = /^[\t\r\n -~]{1,200}$/u

/**
 * Writes a name in the form of the bank's page: `CREDIT_DECISION_UPDATED` for `Credit decision updated`,
 * `credit-decision-updated` and `creditDecisionUpdated`. This is safe, because no two names of the bank differ only
 * in case or separators.
 */
export function bankWord(written: string): string {
  const text = withoutBlanks(written)
  if (!asciiName.test(text)) return text
  return text
    .replace(/([a-z])(?=[A-Z])/gu, "$1_")
    .replace(/[\s_-]+/gu, "_")
    .toUpperCase()
}

/** Finds the word that a text means, ignoring separators: `PAIDOUT` means `PAID_OUT`. */
export const sameWord = <Word extends string>(words: ReadonlyArray<Word>, text: string): Word | undefined => {
  const joined = bankWord(text).replaceAll("_", "")
  return words.find((word) => word.replaceAll("_", "") === joined)
}

/** Folds a name, so that different spellings are equal: `application_reference` and `ns:ApplicationReference`. */
export const foldedName = (name: string): string =>
  name
    .replace(/^[\w.-]+:/u, "")
    .replace(/[\s_-]/gu, "")
    .toLowerCase()

/**
 * Names of elements or objects that only wrap the content, such as `applicationQuoteResult` or `offers`. If a loan,
 * an offer or an application is called *current*, *external* or *new*, it is another one: customers have loans at
 * other banks too.
 */
const wrapperName =
  /^(?:(?:get|set|submit|update|accept|external|ext|application|quote|status|credit|loan|current|new|signing|signed|jws|callback|decision|event|operation|service|soap|method|call|api|request)*(?:results?|responses?)|(?:get|external|application|quote|status|credit|loan|current|new|signing|signed|jws|callback|event|notification|business|domain)*(?:return|reply|answer|data|details?|body|message|payload|content|items?|offers?|decisions?|value|record|entry|quote|status|application|loan|events?|evt|callbacks?|notifications?|envelope|request|root))$/u
const otherName =
  /^(?:prev|former|old|earlier|prior|last|past|history|historic|existing|other|related|linked|competitor|co-?applicant|(?:customer|applicant|user)(?!\w*(?:events?|notifications?|callbacks?)$)|(?:current|external|new)(?=\w*(?:loan|offer|credit)|\w*applications?$|(?:quotes?|decisions?|items?|records?|entry|details?|data|values?)$)|credit(?=records?|data|details?|items?|entry))/u
/** Names of members whose text is written by people. */
const freeTextName =
  /(?:messages?|content|notes?|comments?|texts?|descriptions?|reply|answer|request|details?|value)$/u

/** Whether a name says that its content is about something else, such as `previousOffer` or `existingLoan`. */
export const isOfAnotherThing = (name: string): boolean =>
  // The prefix is a part of the name here: `competitor:offer` is no offer of this loan.
  otherName.test(foldedName(name)) || otherName.test(foldedName(name.replaceAll(":", "")))

/** Whether a name says that its content is about the same loan, as it is now. Unknown names do not. */
export const isWrapperName = (name: string): boolean =>
  wrapperName.test(foldedName(name)) && !isOfAnotherThing(name)

/**
 * Whether a text under this name may be the bank's own JSON. A text that people write may contain anything, even
 * another callback.
 */
export const isWrapperOfText = (name: string): boolean => isWrapperName(name) && !isFreeText(name)

/** Whether everything under this name was written by people. */
export const isFreeText = (name: string): boolean => freeTextName.test(foldedName(name))

/** Whether a name says that its content is an event. An example is `https://bank.example/event`. */
export const isEventName = (name: string): boolean =>
  /event|evt|callback|notification/u.test(foldedName(name)) && !isOfAnotherThing(name)

/** Words that occur in the names of signing methods. The words in `beside` may occur only together with these. */
const methods = new Set(
  (
    "ESIGN ESIGNATURE SIGN SIGNATURE SIGNING ANALOG ANALOGUE MANUAL MANUELL PAPER PAPPER POST MAIL EMAIL LETTER BREV FAX SCAN BANKID ID EID " +
    "MITID NEMID FREJA FTN TUPAS OPENID OPENBANKING OTP SMS PIN SIGNICAT SCRIVE DOCUSIGN QES AES SES"
  ).split(" "),
)
const beside = new Set(
  (
    "E DIGITAL DIGITALT ELECTRONIC ELEKTRONISK MOBILE MOBIL SWEDISH NORWEGIAN DANISH FINNISH BANK ONLINE WEB ADVANCED " +
    "QUALIFIED SIMPLE WET INK HANDWRITTEN PLUS V"
  ).split(" "),
)
const countries = new Set(["SE", "NO", "DK", "FI"])
/** If one of these words is alone, it says that something is signed or must be signed, but not how. */
const vague = new Set(["SIGN", "SIGNATURE", "SIGNING", "ID"])

/** The methods in the bank's documentation, by their names without separators. */
const documentedMethods: ReadonlyMap<string, string> = new Map([
  ["ESIGN", "E_SIGN"],
  ["ANALOG", "ANALOG"],
  ["MANUAL", "MANUAL"],
])

/**
 * Reads the name of a signing method. A documented name is returned in the bank's form, any other name as it is
 * written. The result is `undefined` if any word of the text does not belong to such names: `NOT_SIGNED`, `PENDING`
 * and `?` are no methods. This is strict because a signature can never be undone.
 */
export function readMethodName(text: string): string | undefined {
  const written = withoutBlanks(text)
  const word = bankWord(written.replace(/(?<=\p{L})\.(?=\p{L})/gu, "_")).replace(
    /^OPEN_(?=BANKING|ID)/u,
    "OPEN",
  )
  const documented = documentedMethods.get(word.replaceAll("_", ""))
  if (documented !== undefined) return documented
  const parts = word.split("_").map((part) => part.replace(/(?<=\D)[0-9]{1,3}$|^[0-9]{1,3}$/u, ""))
  const hasCountry = countryBehind.test(written) && isCountryOf(parts)
  const named = (hasCountry ? parts.slice(0, -1) : parts).filter((part) => part !== "")
  const isName = named.every((part) => methods.has(part) || beside.has(part))
  const says = named.some((part) => methods.has(part) && (!vague.has(part) || named.length > 1))
  return isName && says ? written : undefined
}

/** A country is two capital letters at the end. `BankID no` is different: it says that there is no BankID. */
const countryBehind = /[^A-Za-z][A-Z]{2}$/u

/** Whether the last part is a country. `BANKID_NO` is the Norwegian BankID, but `SIGNED_NO` names no country. */
const isCountryOf = (parts: ReadonlyArray<string>): boolean =>
  countries.has(parts.at(-1) ?? "") && (parts.at(-2) ?? "").endsWith("ID")
