import type { DecimalText } from "./decimal-text.ts"
import { decimalWrittenLengthMax, parseDecimal } from "./decimal-text.ts"
import type { offerDecimals } from "./offer.ts"

/** One way in which people and programs write decimals. */
export interface DecimalNotation {
  readonly name: string
  readonly example: string
  readonly pattern: RegExp
  /** The separator between groups of three digits. */
  readonly groups: RegExp | null
  readonly point: "." | ","
}

const group = "[1-9][0-9]{0,2}"

/**
 * The notations that are read. Two notations may read a text as different numbers, such as `1,234`. Such a text is
 * ambiguous. A space is any character of Unicode's category Zs, because no-break spaces are common.
 */
export const decimalNotations: ReadonlyArray<DecimalNotation> = [
  {
    name: "the bank's own: a decimal point",
    example: "8.02",
    pattern: /^[+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?$/u,
    groups: null,
    point: ".",
  },
  {
    name: "a decimal comma",
    example: "8,02",
    pattern: /^[+-]?[0-9]+,[0-9]+$/u,
    groups: null,
    point: ",",
  },
  {
    name: "spaces between groups, a decimal comma",
    example: "10 000,50",
    pattern: new RegExp(`^[+-]?${group}(?:[\\p{Zs}'’][0-9]{3})+(?:,[0-9]+)?$`, "u"),
    groups: /[\p{Zs}'’]/gu,
    point: ",",
  },
  {
    name: "spaces between groups, a decimal point",
    example: "10 000.50",
    pattern: new RegExp(`^[+-]?${group}(?:[\\p{Zs}'’][0-9]{3})+(?:\\.[0-9]+)?$`, "u"),
    groups: /[\p{Zs}'’]/gu,
    point: ".",
  },
  {
    name: "points between groups, a decimal comma",
    example: "1.234,56",
    pattern: new RegExp(`^[+-]?${group}(?:\\.[0-9]{3})+(?:,[0-9]+)?$`, "u"),
    groups: /\./gu,
    point: ",",
  },
  {
    name: "commas between groups, a decimal point",
    example: "1,234.56",
    pattern: new RegExp(`^[+-]?${group}(?:,[0-9]{3})+(?:\\.[0-9]+)?$`, "u"),
    groups: /,/gu,
    point: ".",
  },
]

/** Every number that a text can mean. */
function meaningsOf(text: string): ReadonlySet<DecimalText> {
  if (text.length > decimalWrittenLengthMax) return new Set()
  const written = text.trim()
  const meanings = decimalNotations
    .filter(({ pattern }) => pattern.test(written))
    .map(({ groups, point }) => {
      const digits = groups === null ? written : written.replace(groups, "")
      return parseDecimal(point === "," ? digits.replace(",", ".") : digits)
    })
  return new Set(meanings.filter((meaning) => meaning !== undefined))
}

/**
 * The one number that a text means, among those that are possible for the member. `undefined` if there is none or
 * more than one.
 */
function oneMeaning(
  meanings: ReadonlySet<DecimalText>,
  isPossible: (decimal: DecimalText) => boolean,
): DecimalText | undefined {
  const [only, ...others] = [...meanings].filter(isPossible)
  return others.length === 0 ? only : undefined
}

/** A number as the bank wrote it. A JSON number has one notation; a text may have any. */
export type Written = { readonly text: string } | { readonly number: string }

const meanings = (written: Written): ReadonlySet<DecimalText> => {
  if ("text" in written) return meaningsOf(written.text)
  const decimal = parseDecimal(written.number)
  return new Set(decimal === undefined ? [] : [decimal])
}

/** Rates in per cent a year are below this limit. No bank offers a higher rate. */
export const ratePercentMax = 1_000

const isPositiveOrZero = (decimal: DecimalText): boolean => !decimal.startsWith("-")

/** An amount is never negative. */
const isAmount = isPositiveOrZero

const isRate = (decimal: DecimalText): boolean =>
  isPositiveOrZero(decimal) && Number(decimal) < ratePercentMax

/** The possible range of each decimal of an offer. */
const possible: { readonly [Name in (typeof offerDecimals)[number]]: (decimal: DecimalText) => boolean } = {
  approvedAmount: isAmount,
  interest: isRate,
  effectiveInterest: isRate,
  monthlyCost: isAmount,
  consolidationDemand: isAmount,
  adminFee: isAmount,
  arrangementFee: isAmount,
  totalRepaymentAmount: isAmount,
  monthlyAccountFee: isAmount,
  totalFeesAndInterest: isAmount,
  topUpAmount: isAmount,
  monthlyCostTopUp: isAmount,
}

/**
 * Reads an amount or a rate of an offer. The result is `undefined` unless exactly one meaning of the text is
 * possible. For example, a rate of `8,125` is 8.125, because a rate of 8125 per cent is impossible. An amount of
 * `1,234` could be either number, so it is left out.
 *
 * @example readOfferDecimal("approvedAmount", { text: "10 000,50" }) === "10000.5"
 */
export const readOfferDecimal = (
  name: (typeof offerDecimals)[number],
  written: Written,
): DecimalText | undefined => oneMeaning(meanings(written), possible[name])

/** The shortest and the longest tenor of a loan, in months. */
export const tenorMonthsMin = 1
export const tenorMonthsMax = 12_000

/**
 * A fraction of a month is not a valid tenor, but it counts as a possible meaning: the sender of `1.200` may have
 * meant 1.2.
 */
const isInTenorRange = (decimal: DecimalText): boolean => {
  const months = Number(decimal)
  return months >= tenorMonthsMin && months <= tenorMonthsMax
}

/**
 * Reads a tenor in whole months. The result is `undefined` unless exactly one meaning is in range and it is a whole
 * number.
 */
export function readTenor(written: Written): number | undefined {
  const months = Number(oneMeaning(meanings(written), isInTenorRange))
  return Number.isInteger(months) ? months : undefined
}

/**
 * Writes a decimal so that every reader here reads the same number. Three digits after the point could be a group of
 * thousands, so a zero is added.
 *
 * @example writeDecimal(DecimalText.make("1.234")) === "1.2340"
 */
export const writeDecimal = (decimal: DecimalText): string =>
  meaningsOf(decimal).size > 1 ? `${decimal}0` : decimal
