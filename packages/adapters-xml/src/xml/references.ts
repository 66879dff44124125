import { isXmlText } from "./characters.ts"

const predefined: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["apos", "'"],
  ["quot", '"'],
])

// No character needs more than ten digits. The limit prevents that a megabyte of zeros is read as a number.
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
 * The text with its references replaced, each exactly once (`&amp;lt;` is the text `&lt;`). `undefined` if an ampersand
 * begins neither one of the five predefined entities nor a reference to a character that XML allows.
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
 * Escapes text for element content. A carriage return is escaped too, because a parser would read it as a line feed.
 */
export function escapeText(text: string): string {
  return text.replace(/[<>&\r]/g, escaped)
}

/**
 * Escapes text for a double-quoted attribute. Line ends and tabs are escaped too, because a parser would read them as
 * spaces.
 */
export function escapeAttribute(text: string): string {
  return text.replace(/[<>&\r\n\t"]/g, escaped)
}

/**
 * The text in CDATA sections. A section can contain neither its own end nor a carriage return, so those are between the
 * sections.
 */
export function escapeCdata(text: string): string {
  const split = text.replaceAll("]]>", "]]]]><![CDATA[>").replaceAll("\r", "]]>&#13;<![CDATA[")
  return `<![CDATA[${split}]]>`
}
