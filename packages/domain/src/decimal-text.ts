import { Schema } from "effect"

/** How many digits a decimal may have on each side of its point. A longer decimal is refused, not rounded. */
export const decimalDigitsMax = 30

/** The maximum length of a decimal as written, with padding and exponent. */
export const decimalWrittenLengthMax = 100

const canonical = /^(?:0|-?(?:0\.[0-9]*[1-9]|[1-9][0-9]*(?:\.[0-9]*[1-9])?))$/u

/**
 * A decimal number as text in its one canonical form: no exponent, no plus sign, no leading or trailing zeros
 * (`"10000"`, `"12.3"`, `"-0.5"`, `"0"`). Amounts and rates are never converted to floats.
 */
export const DecimalText = Schema.String.check(
  Schema.isPattern(canonical, { message: "expected a canonical decimal such as 1234.5" }),
  Schema.isMaxLength(2 * decimalDigitsMax + 2),
).pipe(Schema.brand("DecimalText"))
export type DecimalText = typeof DecimalText.Type

const written = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$/u

/**
 * Converts a decimal that the bank wrote to its canonical form. The bank writes decimals as XML text or as JSON
 * numbers (`"8.020"`, `"1000.0"`, `"1e3"`). No digit is lost. The result is `undefined` if the text is no decimal, or
 * has more than {@link decimalDigitsMax} digits on one side.
 */
export function parseDecimal(text: string): DecimalText | undefined {
  if (text.length > decimalWrittenLengthMax) return undefined
  const match = written.exec(text.trim())
  if (match === null) return undefined
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match
  if (whole === "" && fraction === "") return undefined
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0")
  const split = Math.max(point, 1)
  const integerPart = padded.slice(0, split).replace(/^0+(?=[0-9])/u, "")
  const fractionPart = padded.slice(split).replace(/0+$/u, "")
  if (integerPart.length > decimalDigitsMax || fractionPart.length > decimalDigitsMax) return undefined
  const magnitude = fractionPart === "" ? integerPart : `${integerPart}.${fractionPart}`
  const negative = sign === "-" && magnitude !== "0"
  return DecimalText.make(negative ? `-${magnitude}` : magnitude)
}
