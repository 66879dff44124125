import { SigningMethod } from "@loan-engine/domain/loan-event"
import { ApplicationReference, applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { Schema } from "effect"
import { isXmlTextCheck, trimXmlSpace } from "./xml/characters.ts"

/** The maximum lengths of texts in requests and answers, in UTF-16 code units. */
export const callbackUrlLengthMax = 2_048
export const callbackCredentialsLengthMax = 4_096
export const externalReferenceLengthMax = 256
export const consumerIpLengthMax = 64
export const contactDetailLengthMax = 320
export const bankMessageLengthMax = 10_000

const isTrimmedCheck = Schema.makeFilter((text: string) => trimXmlSpace(text) === text, {
  message: "expected no white space at either end",
})

/** Text without white space at either end. A reader could not distinguish such white space from layout. */
const token = (lengthMax: number) =>
  Schema.String.check(Schema.isBetweenLength(1, lengthMax), isXmlTextCheck, isTrimmedCheck)

export const CallbackUrl = token(callbackUrlLengthMax)
export const CallbackCredentials = token(callbackCredentialsLengthMax)
export const ExternalReference = token(externalReferenceLengthMax)
export const ConsumerIp = token(consumerIpLengthMax)
export const ContactDetail = token(contactDetailLengthMax)

/** The bank's text beside a yes or no. */
export const BankMessage = token(bankMessageLengthMax)

/** The domain's reference, without the few characters that XML cannot contain. */
export const XmlApplicationReference = ApplicationReference.check(isXmlTextCheck)
export const applicationReferenceExpected = `an application reference: at most ${applicationReferenceLengthMax} characters, without control characters or outer white space`

/** The domain's signing method. It has no characters that XML cannot contain, and no white space at either end. */
export const XmlSigningMethod = SigningMethod.check(isXmlTextCheck, isTrimmedCheck)
export const signingMethodExpected = "a signing method's name of at most 50 characters"
