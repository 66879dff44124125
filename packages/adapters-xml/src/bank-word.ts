import { withoutBlanks } from "@loan-engine/domain/blanks"

/** Names of the bank's are short and ASCII; anything else is left as it is. */
const asciiName = /^[\t\r\n -~]{1,200}$/u

/**
 * A name of the bank's in the form in which its page writes it: `CREDIT_DECISION_UPDATED` for `Credit decision updated`,
 * `credit-decision-updated` and `creditDecisionUpdated`. The bank has no two names that differ in case or separators only.
 */
export function bankWord(written: string): string {
  const text = withoutBlanks(written)
  if (!asciiName.test(text)) return text
  return text
    .replace(/([a-z])(?=[A-Z])/gu, "$1_")
    .replace(/[\s_-]+/gu, "_")
    .toUpperCase()
}

/** The one of some words of the bank's that a text is, however its parts are separated: `PAIDOUT` is `PAID_OUT`. */
export const sameWord = <Word extends string>(words: ReadonlyArray<Word>, text: string): Word | undefined => {
  const joined = bankWord(text).replaceAll("_", "")
  return words.find((word) => word.replaceAll("_", "") === joined)
}

/** A name without what its writers differ in: `application_reference` and `ns:ApplicationReference` are one. */
export const foldedName = (name: string): string =>
  name
    .replace(/^[\w.-]+:/u, "")
    .replace(/[\s_-]/gu, "")
    .toLowerCase()

/**
 * What an element or object may be called that only stands around what is meant, such as `applicationQuoteResult` or `offers`. A loan, an
 * offer or an application that is called *current*, *external* or *new* is another: customers have loans elsewhere.
 */
const wrapperName =
  /^(?:(?:get|set|submit|update|accept|external|ext|application|quote|status|credit|loan|current|new|signing|signed|jws|callback|decision|event|operation|service|soap|method|call|api|request)*(?:results?|responses?)|(?:get|external|application|quote|status|credit|loan|current|new|signing|signed|jws|callback|event|notification|business|domain)*(?:return|reply|answer|data|details?|body|message|payload|content|items?|offers?|decisions?|value|record|entry|quote|status|application|loan|events?|evt|callbacks?|notifications?|envelope|request|root))$/u
const otherName =
  /^(?:prev|former|old|earlier|prior|last|past|history|historic|existing|other|related|linked|competitor|co-?applicant|(?:customer|applicant|user)(?!\w*(?:events?|notifications?|callbacks?)$)|(?:current|external|new)(?=\w*(?:loan|offer|credit)|\w*applications?$|(?:quotes?|decisions?|items?|records?|entry|details?|data|values?)$)|credit(?=records?|data|details?|items?|entry))/u
/** What people write, and what may be called so. */
const freeTextName =
  /(?:messages?|content|notes?|comments?|texts?|descriptions?|reply|answer|request|details?|value)$/u

/** Whether a name says that what stands within is about another thing: a `previousOffer`, an `existingLoan`. */
export const isOfAnotherThing = (name: string): boolean =>
  // With its prefix too: `competitor:offer` is no offer of this loan's.
  otherName.test(foldedName(name)) || otherName.test(foldedName(name.replaceAll(":", "")))

/** Whether what stands within something of this name is about the same loan, now. Of a name that we do not know, it is not said. */
export const isWrapperName = (name: string): boolean =>
  wrapperName.test(foldedName(name)) && !isOfAnotherThing(name)

/** Whether a text of this name may be what the bank says, as JSON. What people write may be anything, another callback too. */
export const isWrapperOfText = (name: string): boolean => isWrapperName(name) && !isFreeText(name)

/** Whether something of this name is what people write, with all that stands in it. */
export const isFreeText = (name: string): boolean => freeTextName.test(foldedName(name))

/** Whether a name says that what stands within is an event, such as `https://bank.example/event`. */
export const isEventName = (name: string): boolean =>
  /event|evt|callback|notification/u.test(foldedName(name)) && !isOfAnotherThing(name)

/** What the ways to sign are called, and what may stand beside that in their names. */
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
/** These alone say that something is signed, or to be signed, and not how. */
const vague = new Set(["SIGN", "SIGNATURE", "SIGNING", "ID"])

/** The methods that the bank documents, by their names without separators. */
const documentedMethods: ReadonlyMap<string, string> = new Map([
  ["ESIGN", "E_SIGN"],
  ["ANALOG", "ANALOG"],
  ["MANUAL", "MANUAL"],
])

/**
 * The name of a way to sign: one of the bank's in the bank's form, another as it is written. `undefined` for a text of which any word is
 * none that such names are made of: `NOT_SIGNED`, `PENDING` and `?` are no methods, and a signature can never be taken back.
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

/** A country is written in two capitals: `BankID no` says that there is none. */
const countryBehind = /[^A-Za-z][A-Z]{2}$/u

/** `BANKID_NO` is Norway's; `SIGNED_NO` is none. */
const isCountryOf = (parts: ReadonlyArray<string>): boolean =>
  countries.has(parts.at(-1) ?? "") && (parts.at(-2) ?? "").endsWith("ID")
