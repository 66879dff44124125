import { isXmlText } from "./characters.ts"

const predefined: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["apos", "'"],
  ["quot", '"'],
])

// No character's number has more than ten digits. With this limit, a number with a million zeros is not read.
const reference = /&(?:#(?<decimal>[0-9]{1,10})|#x(?<hex>[0-9A-Fa-f]{1,10})|(?<name>lt|gt|amp|apos|quot));/y

function referred(match: RegExpExecArray): string | undefined {
  const { decimal, hex, name } = match.groups ?? {}
  if (name !== undefined) return predefined.get(name)
  const codePoint = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number.parseInt(decimal, 10)
  if (!(codePoint <= 0x10_ffff)) return undefined
  const character = String.fromCodePoint(codePoint)
  return isXmlText(character) ? character : undefined
}

/**
 * Replaces the references in a text, each exactly once: `&amp;lt;` becomes `&lt;`. The result is `undefined` if an
 * ampersand begins anything else than one of the five predefined entities or a character that XML allows.
 */
export function decodeReferences(text: string): string | undefined {
  let decoded = ""
  let from = 0
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", from)) {
    reference.lastIndex = at
    const match = reference.exec(text)
    const character = match === null ? undefined : referred(match)
    if (match === null || character === undefined) return undefined
    decoded += text.slice(from, at) + character
    from = at + match[0].length
  }
  return decoded + text.slice(from)
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["<", "&lt;"],
  [">", "&gt;"],
  ["&", "&amp;"],
  ["\r", "&#13;"],
  ['"', "&quot;"],
  ["\t", "&#9;"],
  ["\n", "&#10;"],
])
const escaped = (character: string) => escapes.get(character) ?? character

/**
 * Escapes text for the content of an element. Carriage returns are escaped too, because a parser reads them as line
 * feeds.
 */
export function escapeText(text: string): string {
  return text.replace(/[<>&\r]/g, escaped)
}

/**
 * Escapes text for an attribute in double quotation marks. Line ends and tabs are escaped too, because a parser reads
 * them as spaces.
 */
export function escapeAttribute(text: string): string {
  return text.replace(/[<>&\r\n\t"]/g, escaped)
}

/**
 * Writes text as CDATA sections. A section cannot contain its own end or a carriage return, so these are written
 * between two sections.
 */
export function escapeCdata(text: string): string {
  const split = text.replaceAll("]]>", "]]]]><![CDATA[>").replaceAll("\r", "]]>&#13;<![CDATA[")
  return `<![CDATA[${split}]]>`
}
