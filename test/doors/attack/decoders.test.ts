import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { propertyRuns } from "../../proof/properties/settings.ts"
import { decoders } from "./decoders.ts"
import type { Decoder } from "./decoders.ts"
import { damagedBytes, reshapedJson, reshapedXml } from "./hostile.ts"
import { seeds } from "./seeds.ts"

let inputs = 0
let wrong = 0
afterAll(() => {
  process.stdout.write(
    `\nHostile inputs: ${inputs} tried on ${decoders.length} decoders, ${wrong} wrong verdicts\n`,
  )
})

/** Checks that a decoder gives a value or a typed error, gives the same twice, and does not change the bytes. */
async function judge({ decode }: Decoder, bytes: Uint8Array): Promise<void> {
  inputs += 1
  wrong += 1
  const before = Buffer.from(bytes)
  const first = await decode(bytes)
  expect([typeof first, await decode(bytes)]).toEqual([first === undefined ? "undefined" : "string", first])
  expect(before.equals(bytes)).toBe(true)
  wrong -= 1
}

const fuzz = (decoder: Decoder, hostile: fc.Arbitrary<Uint8Array>): Promise<void> =>
  fc.assert(
    fc.asyncProperty(hostile, (bytes) => judge(decoder, bytes)),
    { numRuns: propertyRuns },
  )

const reshaped = { xml: reshapedXml, json: reshapedJson, text: damagedBytes("text") }

describe.each(decoders)("$name", (decoder) => {
  const { language, decode } = decoder

  it("reads a genuine document, and reads it equally after all hostile ones", async () => {
    const read = async () => Promise.all(seeds[language].map(async (bytes) => decode(bytes)))
    const before = await read()
    expect(before).toContain(decoder.name === "a signature's claims" ? "unbound" : undefined)
    await fuzz(decoder, damagedBytes(language))
    expect(await read()).toEqual(before)
  })

  it("gives documents of a wrong shape a value or a typed error, never a throw", () =>
    fuzz(decoder, reshaped[language]))
})

describe("a decoder that throws", () => {
  it("is noticed", async () => {
    const naive: Decoder = {
      name: "JSON.parse",
      language: "json",
      decode: (bytes) => (JSON.parse(Buffer.from(bytes).toString()) === null ? "null" : undefined),
    }
    const [inputsBefore, wrongBefore] = [inputs, wrong]
    await expect(fuzz(naive, damagedBytes("json"))).rejects.toThrow("Property failed")
    inputs = inputsBefore
    wrong = wrongBefore
  })
})
