import { createHash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"

/** One true report and the instant from which it counts. `content` is what the type alone does not say. */
export interface Word {
  readonly type: string
  readonly at: number
  readonly content?: Parameters<typeof canonicalJson>[0] | undefined
}

/** One callback's bytes that reached the receiver, once or several times. */
export interface Delivered {
  readonly reference: string
  readonly account: string
  readonly digest: string
  begun: number
  acknowledged: number
  /**
   * The events that the engine accepted with an answer of 200. A callback that the engine only holds is not among
   * them.
   */
  readonly believed: Array<Word>
}

/** One delivery of a signed callback. */
interface Attempt {
  /** The earliest time that this delivery, or another one that was not refused, claims. */
  readonly firstAt: () => number
  /** The engine did not believe it. */
  readonly refused: () => void
}

/**
 * An observer who sees all messages of the bank and all acts of the operator, but nothing inside the engine. The
 * checkers use only these notes, the bank's true state, and what the store gives to readers.
 */
export interface Witness {
  /** Notes that the bank or the operator reported this about the loan. */
  readonly said: (reference: string, words: ReadonlyArray<Word>) => void
  readonly wasSaid: (reference: string, word: Word) => boolean
  /** Notes that a callback reached the receiver. The caller adds the outcome to the result. */
  readonly delivered: (reference: string, account: string, body: string) => Delivered
  /**
   * Notes a true delivery of a signed callback, and the time that it claims. A redelivery is the same message, so it says
   * nothing later than the first delivery that was believed, or that may have been.
   */
  readonly attempted: (body: string, at: number) => Attempt | undefined
  readonly deliveries: () => ReadonlyArray<Delivered>
  readonly questions: { poll: number; quote: number }
  callbacks: number
}

export function makeWitness(): Witness {
  const words = new Map<string, Set<string>>()
  const deliveries = new Map<string, Delivered>()
  const attempts = new Map<string, Set<{ readonly at: number }>>()
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
    attempted: (body, at) => {
      const token = /"jwsData":"(?<token>[^"]+)"/u.exec(body)?.groups?.["token"]
      if (token === undefined) return undefined
      const own = { at }
      const all = attempts.get(token) ?? new Set()
      attempts.set(token, all.add(own))
      return {
        firstAt: () => Math.min(...[...all].map((each) => each.at)),
        refused: () => void all.delete(own),
      }
    },
    deliveries: () => [...deliveries.values()],
    questions: { poll: 0, quote: 0 },
    callbacks: 0,
  }
}

const keyOf = ({ type, at, content }: Word): string =>
  content === undefined ? `${type} ${at}` : `${type} ${at} ${canonicalJson(content)}`
