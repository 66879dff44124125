import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeBankRequest } from "../src/bank-request.ts"
import { getApplicationQuoteResponse } from "../src/get-application-quote.ts"
import { getApplicationStatusResponse } from "../src/get-application-status.ts"
import { SoapFault } from "../src/soap-fault.ts"
import { XmlError } from "../src/xml/error.ts"
import { parseXml } from "../src/xml/parser.ts"
import { writeXml } from "../src/xml/writer.ts"
import { decisionResult } from "./arbitraries.ts"
import { bankPage, utf8, value } from "./bytes.ts"

/** The number of random cases. An environment variable can raise it. */
const propertyRuns = Number(process.env["LOAN_ENGINE_PROPERTY_RUNS"] ?? 500)

const seeds = [
  "get-application-status-request.xml",
  "get-application-status-response.xml",
  "set-callback-request.xml",
  "set-callback-response.xml",
].map(bankPage)
const written = decisionResult.map((result) => getApplicationQuoteResponse.encode(result))
const fragments =
  "< > </ /> <!-- --> <![CDATA[ ]]> <? ?> & ; &# ' \" = xmlns xmlns:a='' : <a> </a> \uFEFF \u0000 &lt; <__proto__/>"
const fragment = fc.constantFrom(...fragments.split(" "), "<!DOCTYPE a>", " x='1'", "\r", " ")
const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat(8),
  insert: fc.oneof(fragment.map(utf8), fc.uint8Array({ maxLength: 4 })),
})

function edited(
  bytes: Uint8Array,
  { at, remove, insert }: { at: number; remove: number; insert: Uint8Array },
) {
  const from = at % (bytes.length + 1)
  return Uint8Array.from([...bytes.subarray(0, from), ...insert, ...bytes.subarray(from + remove)])
}

/** The bank's documents with a few edits, joined fragments, and random bytes. */
const hostile = fc.oneof(
  fc
    .tuple(fc.oneof(fc.constantFrom(...seeds), written), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([bytes, edits]) => edits.reduce(edited, bytes)),
  fc.array(fragment, { maxLength: 30 }).map((fragments) => utf8(fragments.join(""))),
  fc.array(fragment, { maxLength: 12 }).map((fragments) => utf8(`<r>${fragments.join("")}</r>`)),
  fc.uint8Array({ maxLength: 200 }),
)
const contentType = fc.constantFrom(
  "",
  "text/xml; charset=utf-8",
  "text/xml;charset=UTF-16",
  "text/xml; charset=latin1",
)

describe("for any bytes", () => {
  const decoders = [
    decodeBankRequest,
    getApplicationStatusResponse.decode,
    getApplicationQuoteResponse.decode,
  ]

  it("the answer is a message or a typed error with a reason of its own, never a throw", () => {
    fc.assert(
      fc.property(hostile, contentType, (bytes, contentType) => {
        for (const decode of decoders) {
          const result: Result.Result<unknown, XmlError | SoapFault> = decode(bytes, { contentType })
          if (Result.isSuccess(result)) continue
          expect(result.failure instanceof XmlError || result.failure instanceof SoapFault).toBe(true)
          expect(result.failure.message.length).toBeLessThan(3_000)
          expect(result.failure.message).not.toMatch(/that can be read|read in one way only/)
        }
      }),
      { numRuns: 6 * propertyRuns },
    )
  })

  it("an accepted message is the same after writing and reading", () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        const result = parseXml(bytes)
        if (Result.isFailure(result)) return
        expect(value(parseXml(utf8(value(writeXml(result.success)))))).toEqual(result.success)
      }),
      { numRuns: 6 * propertyRuns },
    )
  })
})
