import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { Offer } from "@loan-engine/domain/offer"
import { Effect, Random } from "effect"
import type { Chaos } from "./chaos.ts"
import { drawFate } from "./chaos.ts"
import type { BankChange, Life } from "./life.ts"

const hourMs = 3_600_000

type Changes = Life["changes"]

const otherOffer = ({ approvedAmount, ...others }: Offer): Offer => {
  const lower = parseDecimal(String(Number(approvedAmount ?? 10_000) - 500))
  return lower === undefined ? others : { ...others, approvedAmount: lower }
}

const decided = (decision: "APPROVED" | "REJECTED"): BankChange => ({ type: "decided", decision })

/**
 * How the bank can change its mind about an approval before the customer signs. If `ends` is true, the life ends with
 * it.
 */
const thoughts: ReadonlyArray<{
  readonly changes: (offer: Offer) => ReadonlyArray<BankChange>
  readonly ends: boolean
}> = [
  { changes: (offer) => [{ type: "requoted", offer: otherOffer(offer) }], ends: false },
  { changes: () => [{ type: "reinspected" }, decided("APPROVED")], ends: false },
  { changes: () => [decided("REJECTED")], ends: true },
  { changes: () => [{ type: "expired" }], ends: true },
]

/** The index after the bank's approval in a life's changes. `undefined` if the bank never approves. */
function approvedAt({ initial, changes }: Life): number | undefined {
  if (initial === "APPROVED") return 0
  const index = changes.findIndex(({ change }) => change.type === "decided" && change.decision === "APPROVED")
  return index < 0 ? undefined : index + 1
}

const isRejected = ({ initial, changes }: Life): boolean =>
  initial === "REJECTED" ||
  changes.some(({ change }) => change.type === "decided" && change.decision === "REJECTED")

/**
 * Changes the bank's mind in a share of all lives. The bank re-opens a rejected application. It makes another offer
 * for an approved application, inspects it again, revokes it, or lets it expire.
 *
 * The callback of a re-opening is never dropped. After the confirmed end the engine polls no more, so only this
 * callback can report the re-opening.
 */
export const thinkingAgain = (life: Life, seed: string, chaos: Chaos, share: number): Effect.Effect<Life> =>
  Effect.gen(function* () {
    if ((yield* Random.next) >= share) return life
    const after = Effect.fnUntraced(function* (change: BankChange) {
      const afterMs = Math.round((1 + 23 * (yield* Random.next)) * hourMs)
      return { afterMs, change, fate: yield* drawFate(chaos) }
    })
    if (isRejected(life)) {
      const reopened = yield* after(decided("APPROVED"))
      return { ...life, changes: [...life.changes, { ...reopened, fate: { dropped: false } }] }
    }
    const at = approvedAt(life)
    const thought = thoughts[yield* Random.nextIntBetween(0, thoughts.length - 1)]
    if (at === undefined || thought === undefined) return life
    const again: Changes = yield* Effect.forEach(thought.changes(life.offer), after)
    const rest = thought.ends ? [] : life.changes.slice(at)
    return { ...life, changes: [...life.changes.slice(0, at), ...again, ...rest] }
  }).pipe(Random.withSeed(`${seed}/again`))
