import { Effect, Result } from "effect"
import { base64url, compactVerify } from "jose"
import { isJsonObject, JsonNumber, memberOf, parseJson } from "./callback-json.ts"
import type { JsonObject } from "./callback-json.ts"
import type { Jwks } from "./jwks.ts"
import { kidLengthMax } from "./jwks-keys.ts"
import type { SignatureAlgorithm, SignatureKey } from "./jwks-keys.ts"
import { bindClaims } from "./jws-binding.ts"

/** What a callback's signature is worth. */
export type JwsVerdict =
  /** Genuine, and its claims carry all that the body says. `issuedAt` is its claim `iat`, in seconds. */
  | { readonly state: "bound"; readonly issuedAt?: number }
  /** Genuine, but its claims leave open whether they speak of this body. */
  | { readonly state: "unbound" }
  /** The key that could tell could not be had. */
  | { readonly state: "unverifiable" }
  /** Genuine, but its claims say something else than the body. */
  | { readonly state: "contradicted" }
  /** Not the bank's signature. */
  | { readonly state: "invalid" }

export interface JwsVerifier {
  readonly verify: (jws: string, eventBody: JsonObject) => Effect.Effect<JwsVerdict>
}

export interface JwsVerifierOptions {
  readonly jwks: Jwks
  /** The claim that carries the event; by default it is looked for. */
  readonly eventClaim?: string
}

interface Header {
  readonly algorithm: SignatureAlgorithm
  readonly kid: string | undefined
}

const invalid: JwsVerdict = { state: "invalid" }

/** Verifies `jwsData`, a compact JWS, with the bank's published keys only: no key or URL in its header is followed. */
export const makeJwsVerifier = ({ jwks, eventClaim }: JwsVerifierOptions): JwsVerifier => ({
  verify: Effect.fnUntraced(function* (jws, eventBody) {
    const header = readHeader(jws, jwks.algorithms)
    if (header === undefined) return invalid
    const found = yield* jwks.lookUp(header.kid)
    if (found.state === "unavailable") return { state: "unverifiable" }
    if (found.state === "unknown") return invalid
    const payload = yield* Effect.promise(() => verifiedPayload(jws, header.algorithm, found.key))
    return payload === undefined ? invalid : judge(payload, eventBody, eventClaim)
  }),
})

/** Decides before any key is fetched whether the signature is one we could accept at all. */
function readHeader(jws: string, algorithms: ReadonlyArray<SignatureAlgorithm>): Header | undefined {
  const [protectedHeader = "", payload, signature, ...more] = jws.split(".")
  if (payload === undefined || signature === undefined || more.length > 0) return undefined
  const header = decodeObject(protectedHeader)
  if (header === undefined) return undefined
  // Extensions change what a signature covers, so one that we do not know is refused, and we know none.
  if (memberOf(header, "crit") !== undefined || memberOf(header, "b64") !== undefined) return undefined
  const algorithm = algorithms.find((allowed) => allowed === memberOf(header, "alg"))
  const kid = memberOf(header, "kid")
  if (algorithm === undefined || !isKid(kid)) return undefined
  return { algorithm, kid }
}

const isKid = (kid: unknown): kid is string | undefined =>
  kid === undefined || (typeof kid === "string" && kid.length <= kidLengthMax)

function decodeObject(text: string): JsonObject | undefined {
  let bytes: Uint8Array
  try {
    bytes = base64url.decode(text)
  } catch {
    return undefined
  }
  return objectIn(bytes)
}

function objectIn(bytes: Uint8Array): JsonObject | undefined {
  const json = Result.getOrUndefined(parseJson(bytes))
  return isJsonObject(json) ? json : undefined
}

async function verifiedPayload(
  jws: string,
  algorithm: SignatureAlgorithm,
  { byAlgorithm }: SignatureKey,
): Promise<Uint8Array | undefined> {
  const key = byAlgorithm.get(algorithm)
  if (key === undefined) return undefined
  try {
    const { payload } = await compactVerify(jws, key, { algorithms: [algorithm], crit: {} })
    return payload
  } catch {
    return undefined
  }
}

/** A genuine signature over something that is no claims set vouches for nothing in the body. */
function judge(payload: Uint8Array, eventBody: JsonObject, eventClaim: string | undefined): JwsVerdict {
  const claims = objectIn(payload)
  if (claims === undefined) return { state: "unbound" }
  const binding = bindClaims(claims, eventBody, eventClaim)
  if (binding !== "bound") return { state: binding }
  const issuedAt = memberOf(claims, "iat")
  return issuedAt instanceof JsonNumber
    ? { state: binding, issuedAt: Number(issuedAt.source) }
    : { state: binding }
}
