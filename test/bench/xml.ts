import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import {
  getApplicationStatusRequest,
  getApplicationStatusResponse,
} from "@loan-engine/adapters-xml/get-application-status"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Result } from "effect"
import { XMLBuilder, XMLParser } from "fast-xml-parser"
import { WSDL } from "soap"
import type { Comparison, Figure } from "./figure.ts"
import { compare, perSecond } from "./figure.ts"
import { wsdl } from "./wsdl.ts"

const applicationReference = ApplicationReference.make("14321-21234-445674-434344-345445")
const amount = parseDecimal("100000.50")
const offer = {
  ...(amount === undefined ? {} : { approvedAmount: amount, interest: amount, monthlyCost: amount }),
  tenor: 120,
  documentTypes: ["ID", "PAYMENT_SLIP"],
}

/** The two answers that a poll reads, in the bank's form. */
const status = getApplicationStatusResponse.encode({
  waitingForAddition: true,
  signedWithMethod: "E_SIGN",
  paidOut: false,
})
const quote = getApplicationQuoteResponse.encode({ applicationReference, decision: "APPROVED", offer })
const request = { applicationReference }

function decodeOurs(): number {
  return perSecond(() => {
    const isRead =
      Result.isSuccess(getApplicationStatusResponse.decode(status)) &&
      Result.isSuccess(getApplicationQuoteResponse.decode(quote))
    if (!isRead) throw new Error("a genuine answer was refused")
  }, 2)
}

const readSoap = (description: WSDL) => () =>
  perSecond(() => {
    for (const bytes of [status, quote]) {
      const { Body } = description.xmlToObject(Buffer.from(bytes).toString())
      if (Body === undefined) throw new Error("a genuine answer was not read")
    }
  }, 2)

function readPlain(): number {
  const parser = new XMLParser({ removeNSPrefix: true })
  return perSecond(() => {
    for (const bytes of [status, quote]) {
      if (parser.parse(Buffer.from(bytes).toString()).Envelope === undefined)
        throw new Error("an answer was not read")
    }
  }, 2)
}

const encodeOurs = (): number => perSecond(() => void getApplicationStatusRequest.encode(request), 1)

const encodeSoap = (description: WSDL) => () =>
  perSecond(
    () => void Buffer.from(description.objectToDocumentXML("getApplicationStatus", request, "app")),
    1,
  )

function encodePlain(): number {
  const builder = new XMLBuilder({})
  const envelope = { "soap:Envelope": { "soap:Body": { "app:getApplicationStatus": request } } }
  return perSecond(() => void Buffer.from(builder.build(envelope)), 1)
}

async function describeService(): Promise<WSDL> {
  const description = new WSDL(wsdl, "bench.wsdl", {})
  await new Promise<void>((resolve, reject) => {
    description.onReady((error) => (error ? reject(error) : resolve()))
  })
  return description
}

const unit = "messages/s"

/**
 * Converts the bank's bytes to typed messages and back. The floors are the client that most people would use, and the
 * bare parser.
 */
export async function xmlFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const description = await describeService()
  const comparisons: ReadonlyArray<Comparison> = [
    {
      name: "xml_decode_soap",
      what: "a status and a quote from bytes to typed messages, against the soap package's reading of them",
      unit,
      goal: 1,
      ours: decodeOurs,
      floor: readSoap(description),
    },
    {
      name: "xml_decode_plain",
      what: "the same against plain fast-xml-parser, which checks neither well-formedness nor names nor values",
      unit,
      goal: null,
      ours: decodeOurs,
      floor: readPlain,
    },
    {
      name: "xml_encode_soap",
      what: "a status request written, against the soap package's writing of its body",
      unit,
      goal: null,
      ours: encodeOurs,
      floor: encodeSoap(description),
    },
    {
      name: "xml_encode_plain",
      what: "the same against plain fast-xml-parser's builder, which checks nothing",
      unit,
      goal: null,
      ours: encodeOurs,
      floor: encodePlain,
    },
  ]
  const figures: Array<Figure> = []
  for (const comparison of comparisons) figures.push(await compare(comparison, rounds))
  return figures
}
