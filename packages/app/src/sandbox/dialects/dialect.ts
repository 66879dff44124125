import type { DetailName } from "@loan-engine/domain/detail"

/** A message in transit: its bytes, and the headers that describe them. */
export interface Spoken {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly contentEncoding?: "gzip"
}

/** The order in which dialects are applied: content, notation, encoding, label, wrapper. */
export const layers = ["values", "text", "bytes", "label", "wrapping"] as const
export type Layer = (typeof layers)[number]

/** The layers that a message can have only once: it is in one encoding, and has one wrapper. */
const onlyOnce: ReadonlySet<Layer> = new Set(["bytes", "wrapping"])

/**
 * One variant in which a bank may send the same message. `speak` is a pure function from a message to another with the
 * same meaning, except for the details in `costs`: those are unreadable afterwards, so a reader must leave them out and
 * name them.
 */
export interface Dialect {
  readonly name: string
  readonly what: string
  readonly language: "json" | "xml"
  readonly layer: Layer
  readonly costs: ReadonlyArray<DetailName>
  /** Whether it also costs a detail with this plain value, because the notation has no one meaning for it. */
  readonly costsAt?: ((detail: DetailName, plain: unknown) => boolean) | undefined
  /** Applied after the others of its layer. */
  readonly isLast?: boolean
  readonly speak: (message: Spoken) => Spoken
}

/**
 * Combines any selection of dialects: in the order of their layers, and only the first in a layer that a message can
 * have only once. Text after the document is added last, because nothing else may come after it.
 */
export function composed(dialects: ReadonlyArray<Dialect>): (message: Spoken) => Spoken {
  const ordered = layers.flatMap((layer) => {
    const own = dialects.filter((dialect) => dialect.layer === layer)
    own.sort((one, other) => Number(one.isLast ?? false) - Number(other.isLast ?? false))
    return onlyOnce.has(layer) ? own.slice(0, 1) : own
  })
  return (message) => ordered.reduce((said, { speak }) => speak(said), message)
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = ({ bytes }: Spoken): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

/** A dialect that only changes the text. */
export const rewriting =
  (rewrite: (text: string) => string) =>
  (message: Spoken): Spoken => ({ ...message, bytes: utf8(rewrite(textOf(message))) })

/** UTF-16 with a byte order mark. */
export function utf16(text: string, littleEndian: boolean): Uint8Array {
  const marked = `\uFEFF${text}`
  const view = new DataView(new ArrayBuffer(marked.length * 2))
  for (let index = 0; index < marked.length; index += 1) {
    view.setUint16(index * 2, marked.charCodeAt(index), littleEndian)
  }
  return new Uint8Array(view.buffer)
}

/** Rates are below a thousand, so three digits after their point are not a group. */
const rates: ReadonlySet<DetailName> = new Set(["interest", "effectiveInterest"])

/**
 * An amount whose three digits after the point could be a group of thousands: `1.234`, with any character as the point.
 */
export const isAmbiguous = (detail: DetailName, plain: unknown): boolean =>
  !rates.has(detail) && typeof plain === "string" && /^[1-9][0-9]{0,2}\.[0-9]{3}$/u.test(plain)

/** One byte for each character. The caller must escape characters without one. */
export const singleBytes = (text: string): Uint8Array => Uint8Array.from(text, (unit) => unit.charCodeAt(0))

/** `10000.5` with a comma, and with no-break spaces between its groups. */
export const withComma = (decimal: string): string => decimal.replace(".", ",")
export function withGroups(decimal: string): string {
  const [whole = "", fraction] = decimal.split(".")
  const grouped = whole.replace(/\B(?=(?:[0-9]{3})+$)/gu, "\u00A0")
  return fraction === undefined ? grouped : `${grouped},${fraction}`
}
