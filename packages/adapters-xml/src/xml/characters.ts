import { Schema } from "effect"

const illegal = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/**
 * Whether XML 1.0 can contain this text. Most control characters, lone surrogates and U+FFFE cannot even be escaped.
 */
export function isXmlText(text: string): boolean {
  return !illegal.test(text)
}

/** Text that XML 1.0 can contain. */
export const isXmlTextCheck = Schema.makeFilter((text: string) => isXmlText(text), {
  message: "expected text without characters that XML cannot carry",
})

function isXmlSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/**
 * Removes XML's white space at both ends. This is a loop, because `/\s+$/` takes quadratic time if there is much
 * white space inside the text.
 */
export function trimXmlSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isXmlSpace(text.charCodeAt(start))) start += 1
  while (end > start && isXmlSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

// NameStartChar and NameChar of XML 1.0 (fifth edition), without the colon, which namespaces use. U+1680 and U+FEFF
// are left out: JavaScript counts them as white space, so fast-xml-parser would split a name there.
const nameStart =
  "A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u167F\\u1681-\\u1FFF" +
  "\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFEFE" +
  "\\uFF00-\\uFFFD\\u{10000}-\\u{EFFFF}"
const nameRest = `${nameStart}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040`

/** Sources of patterns for a name, without and with a namespace prefix. */
export const ncName = `[${nameStart}][${nameRest}]*`
export const qName = `${ncName}(?::${ncName})?`

const wholeNcName = new RegExp(`^${ncName}$`, "u")

export function isNcName(text: string): boolean {
  return wholeNcName.test(text)
}
