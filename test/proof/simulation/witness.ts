import { createHash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"

/** A thing that was truly said, and the instant it counts from; `content` is the part that the type leaves open. */
export interface Word {
  readonly type: string
  readonly at: number
  readonly content?: Parameters<typeof canonicalJson>[0] | undefined
}

/** One callback's bytes as they reached the receiver, once or often. */
export interface Delivered {
  readonly reference: string
  readonly account: string
  readonly digest: string
  begun: number
  acknowledged: number
  /** What each acknowledgement that was not a mere keeping (`200`) took for said. */
  readonly believed: Array<Word>
}

/**
 * What somebody sees who stands at the wires, at the bank's counter and beside the operator, and knows nothing of the
 * engine's inside. The checkers judge by this alone, by the bank's truth, and by what the store gives to read.
 */
export interface Witness {
  /** The bank (or the operator) said this about the loan. */
  readonly said: (reference: string, words: ReadonlyArray<Word>) => void
  readonly wasSaid: (reference: string, word: Word) => boolean
  /** A callback reaches the receiver; what is noted about it goes into the answer. */
  readonly delivered: (reference: string, account: string, body: string) => Delivered
  /** The time that the first delivery of the same signed token claimed, or this one if there was none. A redelivery is the same message. */
  readonly firstAt: (body: string, at: number) => number
  readonly deliveries: () => ReadonlyArray<Delivered>
  readonly questions: { poll: number; quote: number }
  callbacks: number
}

export function makeWitness(): Witness {
  const words = new Map<string, Set<string>>()
  const deliveries = new Map<string, Delivered>()
  const firsts = new Map<string, number>()
  return {
    said: (reference, told) => {
      const known = words.get(reference) ?? new Set()
      for (const word of told) known.add(keyOf(word))
      words.set(reference, known)
    },
    wasSaid: (reference, word) => words.get(reference)?.has(keyOf(word)) ?? false,
    delivered: (reference, account, body) => {
      const digest = createHash("sha256").update(body).digest("hex")
      const key = `${account} ${digest}`
      const known = deliveries.get(key) ?? {
        reference,
        account,
        digest,
        begun: 0,
        acknowledged: 0,
        believed: [],
      }
      deliveries.set(key, known)
      known.begun++
      return known
    },
    firstAt: (body, at) => {
      const token = /"jwsData":"(?<token>[^"]+)"/u.exec(body)?.groups?.["token"]
      if (token === undefined) return at
      const first = firsts.get(token) ?? at
      firsts.set(token, first)
      return first
    },
    deliveries: () => [...deliveries.values()],
    questions: { poll: 0, quote: 0 },
    callbacks: 0,
  }
}

const keyOf = ({ type, at, content }: Word): string =>
  content === undefined ? `${type} ${at}` : `${type} ${at} ${canonicalJson(content)}`
