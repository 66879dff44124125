import { readFileSync } from "node:fs"
import { Result } from "effect"

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** UTF-16. It has a byte order mark only if the text begins with one. */
export function utf16(text: string, order: "le" | "be"): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < text.length; index += 1) {
    view.setUint16(index * 2, text.charCodeAt(index), order === "le")
  }
  return bytes
}

export const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (unit) => unit.charCodeAt(0))

/** One of the bank's own examples, with unchanged bytes. */
export function bankPage(name: string): Uint8Array {
  return readFileSync(new URL(`../../app/src/sandbox/bank-page/${name}`, import.meta.url))
}

export const bankPageText = (name: string): string => new TextDecoder().decode(bankPage(name))

/** The value of a success. A failure makes the test fail with the failure's message. */
export const value = <A, E>(result: Result.Result<A, E>): A => Result.getOrThrow(result)

/** The error of a failure. A success makes the test fail. */
export const failure = <A, E>(result: Result.Result<A, E>): E => Result.getOrThrow(Result.flip(result))
