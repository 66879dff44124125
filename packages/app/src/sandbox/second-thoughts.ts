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

/** The bank's second thoughts about an approval, before the customer signs. The last two end the life. */
const thoughts: ReadonlyArray<{
  readonly changes: (offer: Offer) => ReadonlyArray<BankChange>
  readonly ends: boolean
}> = [
  { changes: (offer) => [{ type: "requoted", offer: otherOffer(offer) }], ends: false },
  { changes: () => [{ type: "reinspected" }, decided("APPROVED")], ends: false },
  { changes: () => [decided("REJECTED")], ends: true },
  { changes: () => [{ type: "expired" }], ends: true },
]

/** Where in a life the bank has approved and nobody has signed yet. `undefined` if it never comes to that. */
function approvedAt({ initial, changes }: Life): number | undefined {
  if (initial === "APPROVED") return 0
  const index = changes.findIndex(({ change }) => change.type === "decided" && change.decision === "APPROVED")
  return index < 0 ? undefined : index + 1
}

const isRejected = ({ initial, changes }: Life): boolean =>
  initial === "REJECTED" ||
  changes.some(({ change }) => change.type === "decided" && change.decision === "REJECTED")

/**
 * The life with second thoughts of the bank, in a share of all lives. A rejected application is re-opened. An approved
 * one gets another offer, is inspected again, revoked, or expires. The callback of a re-opening always arrives, because
 * nothing else could report it after the bank has confirmed the end.
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
