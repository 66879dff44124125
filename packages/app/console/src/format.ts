import { languageOf } from "./words/language.ts"
import type { Language } from "./words/language.ts"

/**
 * A decimal in the reader's notation, with exactly the same digits. The text is never converted to a binary number.
 */
export function amount(language: Language, text: string): string {
  const [, fraction = ""] = text.split(".")
  const digits = fraction.length
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits } as const
  return new Intl.NumberFormat(language, options).format(isDecimal(text) ? text : Number.NaN)
}

const isDecimal = (text: string): text is `${number}` => /^-?\d+(?:\.\d+)?$/u.test(text)

export const count = (language: Language, value: number): string =>
  new Intl.NumberFormat(language).format(value)

/** A share from 0 to 1, in per cent. */
export const share = (language: Language, value: number): string =>
  new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(value)

/** The reader's own variant of the language, if the browser names one: British English differs from American. */
const localeOf = (language: Language): string =>
  navigator.languages.find((tag) => languageOf([tag]) === language && tag.includes("-")) ?? language

/** An instant in the reader's own time zone, to the second. */
export const dateTime = (language: Language, iso: string): string =>
  new Intl.DateTimeFormat(localeOf(language), { dateStyle: "medium", timeStyle: "medium" }).format(
    new Date(iso),
  )

export const timeOfDay = (language: Language, iso: string): string =>
  new Intl.DateTimeFormat(localeOf(language), { timeStyle: "medium" }).format(new Date(iso))

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const

/** How far an instant lies from now: "in 5 minutes", "2 hours ago". */
export function relative(language: Language, iso: string, now: number): string {
  const distance = Date.parse(iso) - now
  const [unit, length] = units.find(([, each]) => Math.abs(distance) >= each) ?? ["second", 1_000]
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(
    Math.trunc(distance / length),
    unit,
  )
}
