import { hash } from "node:crypto"
import type { Evidence, HoldReason } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { CallbackAccount, RequiredEvidence, TrustPolicy } from "./accounts.ts"
import { CallbackRefused } from "./answer.ts"
import type { RejectionCode } from "./answer.ts"
import { unreadableJws } from "../message/message.ts"
import { callbackEventTypes } from "../message/shape.ts"
import type { CallbackMessage } from "../message/message.ts"
import { countSignature } from "./metrics.ts"
import type { JwsVerdict } from "../signature/jws-verifier.ts"

/** The evidence of a callback, and why the callback is held, if it is. */
export interface Trust {
  readonly evidence: Evidence
  readonly hold?: HoldReason
  /** The signed issue time, in seconds. */
  readonly issuedAt?: number | undefined
  /** SHA-256 of the signed token, in hex. */
  readonly token?: string
}

/** What follows from the outcome of checking a signature: evidence, or a refusal. */
const trustBySignature: { readonly [State in JwsVerdict["state"]]: Trust | RejectionCode } = {
  bound: { evidence: "jws" },
  unbound: { evidence: "none", hold: "signature-unbound" },
  unverifiable: { evidence: "none", hold: "signature-unverifiable" },
  contradicted: "signature-contradicted",
  invalid: "signature-invalid",
}

/**
 * Determines the evidence of a callback whose credentials are checked already. A signature that cannot be trusted
 * counts for less than no signature: somebody may have forged only the signature.
 */
export const appraise = Effect.fnUntraced(function* (
  account: CallbackAccount,
  message: CallbackMessage,
): Effect.fn.Return<Trust, CallbackRefused> {
  const trust = held(yield* vouchedFor(account, message), message, account.trustPolicy)
  const { unusableReference } = message
  if (unusableReference === undefined) return trust
  // If the callback has no proof, it is refused: anybody could send such callbacks, and each would create another
  // loan.
  const isVouchedFor = account.authorizes !== undefined || trust.evidence === "jws"
  if (isVouchedFor) return { ...trust, hold: "reference-unusable" }
  const { code, field, message: detail } = unusableReference
  return yield* new CallbackRefused({ code, field, detail })
})

const vouchedFor = Effect.fnUntraced(function* (
  account: CallbackAccount,
  { jwsData, eventBody }: CallbackMessage,
): Effect.fn.Return<Trust, CallbackRefused> {
  if (jwsData === undefined || account.jws === undefined) return yield* withoutSignature(account)
  // `jwsData` is present but no text, so it cannot be verified. This must not count as a callback without a
  // signature. If the signature is the account's only proof, it is refused: anybody can send such a value.
  const token = jwsData === unreadableJws ? undefined : jwsData.trim()
  const unreadable: JwsVerdict = holdsWithoutSignature(account)
    ? { state: "unverifiable" }
    : { state: "invalid", reason: "malformed" }
  const verdict = token === undefined ? unreadable : yield* account.jws.verify(token, eventBody)
  yield* countSignature(account.name, verdict)
  const trust = trustBySignature[verdict.state]
  if (typeof trust === "string") return yield* refusedSignature(account, trust)
  if (verdict.state !== "bound" || token === undefined) return trust
  yield* account.signs.see
  return { ...trust, issuedAt: verdict.issuedAt, token: hash("sha256", token) }
})

/** Whether the account holds callbacks that have no valid signature. */
const holdsWithoutSignature = ({ authorizes, holdsUnproven }: CallbackAccount): boolean =>
  authorizes !== undefined || holdsUnproven

const refusedSignature = ({ challenges }: CallbackAccount, code: RejectionCode): CallbackRefused =>
  new CallbackRefused({ code, headers: { "www-authenticate": challenges } })

/**
 * Fails if a callback whose signature cannot be checked, and that has no other proof, must not be held. Anybody can
 * send such callbacks, so their number is limited. This check comes last, and counts only callbacks that would be
 * held.
 */
export const mayDoubt = Effect.fnUntraced(function* (
  account: CallbackAccount,
  { hold }: Trust,
  isKnown: boolean,
): Effect.fn.Return<void, CallbackRefused> {
  if (hold !== "signature-unverifiable" || account.jws === undefined || account.authorizes !== undefined)
    return
  if (!(yield* account.jws.mayDoubt(isKnown))) yield* refusedSignature(account, "signature-invalid")
})

const withoutSignature = Effect.fnUntraced(function* (
  account: CallbackAccount,
): Effect.fn.Return<Trust, CallbackRefused> {
  const { authorizes, challenges, jws, signs } = account
  if (jws !== undefined && !holdsWithoutSignature(account)) {
    const headers = { "www-authenticate": challenges }
    return yield* new CallbackRefused({ code: "signature-missing", field: "jwsData", headers })
  }
  if (authorizes === undefined) return { evidence: "none", hold: "no-evidence" }
  if (jws === undefined || !signs.isSeen()) return { evidence: "credentials" }
  yield* account.warnOfMissingSignature
  return { evidence: "credentials", hold: "signature-missing" }
})

/** For each requirement, the evidence that is enough. */
const meets: { readonly [Required in RequiredEvidence]: ReadonlySet<Evidence> } = {
  credentials: new Set(["credentials", "jws"]),
  jws: new Set(["jws"]),
  bank: new Set(),
}

function held(trust: Trust, { event }: CallbackMessage, policy: TrustPolicy): Trust {
  if (trust.hold !== undefined) return trust
  if (event.kind === "unknown") return { ...trust, hold: "unknown-event-type" }
  const required = policy[callbackEventTypes[event.kind]] ?? "credentials"
  return meets[required].has(trust.evidence) ? trust : { ...trust, hold: "evidence-too-weak" }
}
