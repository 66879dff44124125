import type { DetailName } from "@loan-engine/domain/detail"

/** A message to send: its bytes, and the headers that describe them. */
export interface Spoken {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly contentEncoding?: "gzip"
}

/**
 * The order in which dialects are applied. `values` and `text` change the content, `bytes` the encoding, `label` the
 * content type, and `wrapping` what surrounds the body.
 */
export const layers = ["values", "text", "bytes", "label", "wrapping"] as const
export type Layer = (typeof layers)[number]

/** A message has only one encoding and one wrapper, so only one dialect of these layers applies. */
const onlyOnce: ReadonlySet<Layer> = new Set(["bytes", "wrapping"])

/**
 * One form in which a bank may send the same message. `speak` is pure. Only the details in `costs` become unreadable
 * by it: a reader must leave them out and name them. All other content keeps its meaning.
 */
export interface Dialect {
  readonly name: string
  readonly what: string
  readonly language: "json" | "xml"
  readonly layer: Layer
  readonly costs: ReadonlyArray<DetailName>
  /**
   * Whether this value of a detail becomes unreadable too, because the dialect's notation for it has two meanings.
   */
  readonly costsAt?: ((detail: DetailName, plain: unknown) => boolean) | undefined
  /** Whether this dialect is applied after the others of its layer. */
  readonly isLast?: boolean
  readonly speak: (message: Spoken) => Spoken
}

/**
 * Combines any selection of dialects, in the order of their layers. If a layer allows only one dialect, the first one
 * is applied. Text after the document is added last, because nothing else may follow it.
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

/** The text in UTF-16, with a byte order mark. */
export function utf16(text: string, littleEndian: boolean): Uint8Array {
  const marked = `\uFEFF${text}`
  const view = new DataView(new ArrayBuffer(marked.length * 2))
  for (let index = 0; index < marked.length; index += 1) {
    view.setUint16(index * 2, marked.charCodeAt(index), littleEndian)
  }
  return new Uint8Array(view.buffer)
}

/** Rates are below a thousand. So three digits after the decimal point cannot be a group of thousands. */
const rates: ReadonlySet<DetailName> = new Set(["interest", "effectiveInterest"])

/**
 * Whether an amount has two meanings: in `1.234`, the last three digits can be decimals or a group of thousands. The
 * same is true with a comma.
 */
export const isAmbiguous = (detail: DetailName, plain: unknown): boolean =>
  !rates.has(detail) && typeof plain === "string" && /^[1-9][0-9]{0,2}\.[0-9]{3}$/u.test(plain)

/** One byte for each character. The caller must escape every character above U+00FF. */
export const singleBytes = (text: string): Uint8Array => Uint8Array.from(text, (unit) => unit.charCodeAt(0))

/** `withComma` writes a decimal comma. `withGroups` also puts no-break spaces between groups of three digits. */
export const withComma = (decimal: string): string => decimal.replace(".", ",")
export function withGroups(decimal: string): string {
  const [whole = "", fraction] = decimal.split(".")
  const grouped = whole.replace(/\B(?=(?:[0-9]{3})+$)/gu, "\u00A0")
  return fraction === undefined ? grouped : `${grouped},${fraction}`
}
