import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { CompactSign } from "jose"
import type { SigningKeys } from "@loan-engine/app/sandbox/callback-sender"
import { accounts } from "../accounts.ts"
import type { Seeded } from "../seeded.ts"
import type { CallbackBody } from "../true-words.ts"

/** A callback in transit. */
export interface Letter {
  readonly account: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * A letter that a forger made from a genuine one. `isTrue` marks the bank's own bytes that reach the engine in
 * another way than the bank chose.
 */
export interface ForgedLetter extends Letter {
  readonly kind: ForgeryKind
  readonly isTrue: boolean
}

const forgeryKinds = [
  "no-credentials",
  "wrong-credentials",
  "bad-signature",
  "signature-of-another-event",
  "unbound-signature",
  "wrong-account",
  "replayed-by-a-stranger",
  "unknown-loan",
  "mangled",
] as const
type ForgeryKind = (typeof forgeryKinds)[number]

/**
 * A forger who reads the bank's callbacks and sends similar ones. The forger never has both the account's credentials
 * and the bank's signature over the false claim. If an account uses only credentials, the forger does not know them.
 */
export function makeAdversary(draws: Seeded, stolen: StolenSignatures) {
  const overheard: Array<CallbackBody> = []

  return (genuine: Letter): ForgedLetter => {
    const told = JSON.parse(genuine.body) as CallbackBody
    const another = overheard.length === 0 ? told : draws.pick([told, ...overheard])
    if (told.jwsData !== undefined) overheard.push(told)
    if (overheard.length > overheardMax) overheard.shift()
    const kind = draws.pick(forgeryKinds)
    return { kind, isTrue: false, ...forge(kind, genuine, told, another, { draws, stolen }) }
  }
}

const overheardMax = 50

/** Signatures that a forger can get: one with the forger's own key, and one that the bank made for something else. */
export interface StolenSignatures {
  readonly foreign: string
  readonly unbound: string
}

export async function stealSignatures(keys: SigningKeys): Promise<StolenSignatures> {
  const sign = (claims: object, key: SigningKeys["genuine"]): Promise<string> =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: keys.kid })
      .sign(key)
  return {
    foreign: await sign({ iss: "sandbox-bank", iat: 1_767_600_000 }, keys.foreign),
    unbound: await sign({ iss: "sandbox-bank", iat: 1_767_600_000, sub: "a login" }, keys.genuine),
  }
}

/** The same callback with a false report. */
function lieAbout({ externalApplicationEvent: event }: CallbackBody, reference?: string): CallbackBody {
  const lie = event.applicationEventType === "PAID_OUT" ? "SIGNED" : "PAID_OUT"
  const { creditDecision, ...others } = event
  const applicationReference = reference ?? event.applicationReference
  if (creditDecision?.creditDecision !== "APPROVED") {
    return { externalApplicationEvent: { ...others, applicationReference, applicationEventType: lie } }
  }
  return {
    externalApplicationEvent: {
      ...event,
      applicationReference,
      creditDecision: { creditDecision: "REJECTED" },
    },
  }
}

const sameEvent = (a: CallbackBody, b: CallbackBody): boolean =>
  canonicalJson({ ...a.externalApplicationEvent }) === canonicalJson({ ...b.externalApplicationEvent })

interface Means {
  readonly draws: Seeded
  readonly stolen: StolenSignatures
}

function forge(
  kind: ForgeryKind,
  genuine: Letter,
  told: CallbackBody,
  another: CallbackBody,
  { draws, stolen }: Means,
): Letter & { readonly isTrue?: boolean } {
  const { authorization: _secret, ...bare } = genuine.headers
  const wrong = { ...bare, authorization: `Basic ${Buffer.from("somebody:else").toString("base64")}` }
  const isSigned = told.jwsData !== undefined
  // Without signatures, anyone with the credentials counts as the bank. So in this case the forger does not have
  // them.
  const headers = isSigned ? genuine.headers : bare
  const lie = lieAbout(told)
  const send = (body: CallbackBody, by: Letter["headers"]): Letter => ({
    account: genuine.account,
    headers: by,
    body: JSON.stringify(body),
  })
  switch (kind) {
    case "no-credentials":
      return send(lie, bare)
    case "wrong-credentials":
      return send(lie, wrong)
    case "bad-signature":
      return send({ ...lie, jwsData: stolen.foreign }, headers)
    case "signature-of-another-event": {
      const letter = send({ ...lie, ...(isSigned ? { jwsData: another.jwsData ?? "" } : {}) }, headers)
      // By chance, the bank may have reported and signed the same at another time.
      return { ...letter, isTrue: isSigned && sameEvent(lie, another) }
    }
    case "unbound-signature":
      return send({ ...lie, jwsData: stolen.unbound }, headers)
    case "wrong-account": {
      const account = draws.pick(accounts).name
      return { ...genuine, account, isTrue: true }
    }
    case "replayed-by-a-stranger":
      return { ...genuine, headers: bare, isTrue: true }
    case "unknown-loan":
      return send(lieAbout(told, `nobody-${Math.floor(draws.between(0, 20))}`), bare)
    case "mangled":
      return { ...genuine, body: genuine.body.slice(0, Math.floor(draws.next() * genuine.body.length)) }
  }
}
