import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { CompactSign } from "jose"
import type { SigningKeys } from "@loan-engine/app/sandbox/callback-sender"
import { accounts } from "./accounts.ts"
import type { Seeded } from "./seeded.ts"
import type { CallbackBody } from "./true-words.ts"

/** A callback as it travels. */
export interface Letter {
  readonly account: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A letter that somebody made of a genuine one. `isTrue`: the bank's own bytes, by a way that the bank did not choose. */
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
 * Somebody who reads the bank's callbacks and sends others like them. Never has the forger both the account's credentials
 * and the bank's word for what is claimed; where an account goes by its credentials alone, they are not known to the forger.
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

/** Signatures that a forger can come by: one by a key of its own, one that the bank gave for something else. */
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

/** The same callback with something said that the bank did not say. */
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
  // If nothing is signed, anyone with the credentials is the bank, so there the forger has none.
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
      // By chance, the lie may be the very thing that the bank said and signed at another time.
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
