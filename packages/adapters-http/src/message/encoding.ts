const utf16Marks: ReadonlyArray<readonly [first: number, second: number, label: string]> = [
  [0xff, 0xfe, "utf-16le"],
  [0xfe, 0xff, "utf-16be"],
]

/**
 * The encoding that the first two bytes show. JSON begins with an ASCII character, so a zero byte among them shows
 * UTF-16 and its byte order (RFC 4627, section 3).
 */
export function shownEncoding([first = 1, second = 1]: Uint8Array): string {
  const marked = utf16Marks.find(([one, other]) => one === first && other === second)
  if (marked !== undefined) return marked[2]
  if (second === 0 && first !== 0) return "utf-16le"
  return first === 0 && second !== 0 ? "utf-16be" : "utf-8"
}

const isNulOrSpace = (code: number): boolean => code === 0 || code === 0x20 || (code >= 0x09 && code <= 0x0d)

/**
 * Decodes JSON from any bytes: UTF-8, or UTF-16 if the first bytes show it. Invalid bytes, such as a name in Latin-1,
 * become `unreadableMark`. Byte order marks and white space before the text are removed, and so are NULs and white
 * space after it.
 */
export function decodeJsonBytes(bytes: Uint8Array): string {
  const text = new TextDecoder(shownEncoding(bytes), { fatal: false, ignoreBOM: false }).decode(bytes)
  let end = text.length
  while (isNulOrSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(0, end).replace(/^[\0\s\uFEFF]+/u, "")
}
