import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DetailReader, detailNames } from "../src/detail.ts"
import { readDocumentName, readDocumentNames } from "../src/document-names.ts"
import { parseDecimal } from "../src/decimal-text.ts"
import { decimalNotations, readOfferDecimal, readTenor, writeDecimal } from "../src/written-decimal.ts"

const amount = (text: string) => readOfferDecimal("approvedAmount", { text })
const rate = (text: string) => readOfferDecimal("interest", { text })

describe("an amount in different notations", () => {
  it.each([
    ["8.02", "8.02"],
    ["8,02", "8.02"],
    ["1000.0", "1000"],
    ["1e3", "1000"],
    [" 10000 ", "10000"],
    ["10 000", "10000"],
    ["10\u00A0000,50", "10000.5"],
    ["10\u202F000.50", "10000.5"],
    ["10\u2009000", "10000"],
    ["10'000.50", "10000.5"],
    ["10’000", "10000"],
    ["1.234,56", "1234.56"],
    ["1,234.56", "1234.56"],
    ["1.234.567", "1234567"],
    ["1,234,567", "1234567"],
    ["0,125", "0.125"],
    ["0.125", "0.125"],
    ["1234,567", "1234.567"],
    ["+5", "5"],
    ["-0,0", "0"],
  ])("%j means %s", (text, decimal) => {
    expect(amount(text)).toBe(decimal)
  })

  it.each([
    ["1,234", "1234 or 1.234"],
    ["1.234", "1234 or 1.234"],
    ["500.125", "500125 or 500.125"],
    ["500,125", "500125 or 500.125"],
    ["-5000", "impossible"],
    ["1e31", "too long"],
    ["10000 SEK", "a currency that may not be the account's"],
    ["1 00", "no groups"],
    ["1.23.456", "no groups"],
    ["1,2,3", "no groups"],
    ["", "nothing"],
    ["N/A", "nothing"],
    ["NaN", "nothing"],
    ["Infinity", "nothing"],
    ["0x10", "nothing"],
    ["1\t000", "no space"],
    ["٣", "no digit of ours"],
    ["9".repeat(101), "too long"],
  ])("%j has no single meaning: %s", (text) => {
    expect(amount(text)).toBeUndefined()
  })

  it("has the meaning of its number where it is a JSON number, which has one notation", () => {
    expect(readOfferDecimal("approvedAmount", { number: "1.234" })).toBe("1.234")
    expect(readOfferDecimal("approvedAmount", { number: "500.125" })).toBe("500.125")
    expect(readTenor({ number: "1.200" })).toBeUndefined()
    expect(readTenor({ number: "12.000" })).toBe(12)
    expect(readOfferDecimal("approvedAmount", { number: "-1" })).toBeUndefined()
  })

  it("is read as its notation says, by every example in the table", () => {
    for (const { example } of decimalNotations) expect(amount(example)).toBeDefined()
  })

  it("takes no longer for a hostile text", () => {
    expect(amount(`${"1 ".repeat(500_000)}x`)).toBeUndefined()
  })
})

describe("a rate", () => {
  it.each([
    ["8.125", "8.125"],
    ["8,125", "8.125"],
    ["999,999", "999.999"],
    ["500.125", "500.125"],
    ["0", "0"],
  ])("%j means %s, because thousands of per cent are impossible", (text, decimal) => {
    expect(rate(text)).toBe(decimal)
  })

  it.each(["-99", "1000", "1 000", "N/A"])("%j is not valid", (text) => {
    expect(rate(text)).toBeUndefined()
  })
})

describe("a tenor", () => {
  it.each([
    ["72", 72],
    ["72.0", 72],
    ["72,00", 72],
    ["72.000", 72],
    ["12 000", 12_000],
  ])("%j means %s months", (text, months) => {
    expect(readTenor({ text })).toBe(months)
  })

  it.each(["72.5", "0", "-1", "12001", "12.000", "1.200", "1,200", "1.5", "six", ""])(
    "%j is not valid",
    (text) => {
      expect(readTenor({ text })).toBeUndefined()
    },
  )
})

it("any decimal that is written is read back as it was", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(9_999), (whole, fraction) => {
      const decimal = parseDecimal(`${whole}.${fraction}`)
      if (decimal === undefined) throw new Error("no decimal")
      expect(amount(writeDecimal(decimal))).toBe(decimal)
    }),
  )
})

describe("the names of documents", () => {
  it("are a list, without what is blank or absent", () => {
    expect(readDocumentNames(["ID", null, "", " PAYMENT_SLIP\n"])).toEqual(["ID", "PAYMENT_SLIP"])
    expect(readDocumentNames([])).toEqual([])
  })

  it.each([[["ID", 1]], [["x".repeat(101)]], [[["ID"]]], [Array(51).fill("ID")], [[" ".repeat(100_000)]]])(
    "are unreadable together if one of them is unreadable: %.60j",
    (items) => {
      expect(readDocumentNames(items)).toBeUndefined()
    },
  )

  it("are one name if a text replaces the list, unless the text may be several names", () => {
    expect(readDocumentName(" ID ")).toEqual(["ID"])
    for (const text of ["", "ID,PAYMENT_SLIP", "ID;PAYMENT_SLIP", "ID|ID", "ID\nID"]) {
      expect(readDocumentName(text)).toBeUndefined()
    }
  })
})

it("each left-out detail is named once, in a fixed order", () => {
  const details = new DetailReader()
  expect(details.leftOut).toEqual({})
  for (const name of ["paidOut", "interest", "interest"] as const) details.leaveOut(name)
  expect(details.read("tenor", undefined)).toBeUndefined()
  expect(details.read("tenor", 1)).toBe(1)
  expect(details.leftOut).toEqual({ leftOut: ["interest", "tenor", "paidOut"] })
  expect(new Set(detailNames).size).toBe(detailNames.length)
})
