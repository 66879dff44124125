import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { describe, expect, it } from "vitest"

describe("parseDecimal", () => {
  it.each([
    ["10000", "10000"],
    ["1000.0", "1000"],
    ["8.020", "8.02"],
    ["007.5", "7.5"],
    [".5", "0.5"],
    ["5.", "5"],
    ["-0", "0"],
    ["-0.50", "-0.5"],
    ["1e3", "1000"],
    ["12.5E-3", "0.0125"],
    ["1.5e1", "15"],
    ["0.1e0", "0.1"],
    ["100", "100"],
    ["12345678901234567890.123456789", "12345678901234567890.123456789"],
    [" 12 ", "12"],
    ["1.500", "1.5"],
    ["1e+10", "10000000000"],
    ["1e-10", "0.0000000001"],
    ["9".repeat(30), "9".repeat(30)],
    [`0.${"9".repeat(30)}`, `0.${"9".repeat(30)}`],
    [`${"0".repeat(99)}1`, "1"],
  ])("gives %s its one canonical form, %s", (written, canonical) => {
    expect(parseDecimal(written)).toBe(canonical)
  })

  it.each([
    "",
    ".",
    "-",
    "1,5",
    "0x10",
    "NaN",
    "Infinity",
    "1e",
    "1e9999",
    "1 2",
    `1${"0".repeat(40)}`,
    "9".repeat(31),
    `0.${"9".repeat(31)}`,
    `${"0".repeat(100)}1`,
    "1e-31",
    "1e1000",
    `0.${"0".repeat(99)}`,
  ])("refuses %s", (written) => {
    expect(parseDecimal(written)).toBeUndefined()
  })
})
