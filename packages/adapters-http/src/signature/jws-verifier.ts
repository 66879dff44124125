import { Effect, Result } from "effect"
import { base64url, compactVerify } from "jose"
import type { CryptoKey } from "jose"
import { isJsonObject, JsonNumber, memberOf, parseJson } from "../message/json.ts"
import type { JsonObject } from "../message/json.ts"
import type { Jwks } from "./jwks.ts"
import { keysTriedMax, readKid } from "./jwks-keys.ts"
import type { SignatureAlgorithm, SignatureKey } from "./jwks-keys.ts"
import { bindClaims } from "./jws-binding.ts"

/** The result of checking a callback's signature. */
export type JwsVerdict =
  /**
   * The signature is genuine, and its claims contain everything in the body. `issuedAt` is the claim `iat`, in
   * seconds.
   */
  | { readonly state: "bound"; readonly issuedAt?: number }
  /** The signature is genuine, but it is not clear whether its claims are about this body. */
  | { readonly state: "unbound" }
  /** The key for checking it was not available. */
  | { readonly state: "unverifiable" }
  /** The signature is genuine, but its claims contradict the body. */
  | { readonly state: "contradicted" }
  /** The signature is not the bank's, or is not acceptable. */
  | { readonly state: "invalid"; readonly reason: JwsInvalidReason }

/** Why a signature is invalid. The first four reasons are found without any key. */
export const jwsInvalidReasons = [
  /** It is not a compact JWS with a JSON object as its header. */
  "malformed",
  /** Its `alg` is not allowed. */
  "algorithm-refused",
  /** It has `crit` or `b64`: extensions that change what is signed. */
  "extension-refused",
  /** Its `kid` is neither text nor a number, or it is too long. */
  "kid-refused",
  /** The bank publishes no usable key that may have this `kid`. */
  "kid-unknown",
  /** The bank's keys are for another algorithm. */
  "key-mismatched",
  /** None of the bank's keys made it. */
  "forged",
] as const
export type JwsInvalidReason = (typeof jwsInvalidReasons)[number]

export interface JwsVerifier {
  readonly verify: (jws: string, eventBody: JsonObject) => Effect.Effect<JwsVerdict>
  /**
   * Whether a callback without other proof may be held although its signature cannot be checked. The number of such
   * callbacks is limited.
   */
  readonly mayDoubt: Jwks["mayDoubt"]
}

export interface JwsVerifierOptions {
  readonly jwks: Jwks
  /** The claim that contains the event. By default, the verifier searches for it. */
  readonly eventClaim?: string
}

interface Header {
  readonly algorithm: SignatureAlgorithm
  readonly kid: string | undefined
}

const invalid = (reason: JwsInvalidReason): JwsVerdict => ({ state: "invalid", reason })

/**
 * Makes the verifier of `jwsData`, a compact JWS. It uses only the keys that the bank publishes. A key or URL in the
 * signature's header is ignored.
 */
export function makeJwsVerifier({ jwks, eventClaim }: JwsVerifierOptions): JwsVerifier {
  const headerOf = rememberingLast((text) => readHeader(text, jwks.algorithms))
  return {
    mayDoubt: jwks.mayDoubt,
    verify: Effect.fnUntraced(function* (written, eventBody) {
      const jws = written.trim()
      const protectedHeader = protectedHeaderOf(jws)
      const header = protectedHeader === undefined ? "malformed" : headerOf(protectedHeader)
      if (typeof header === "string") return invalid(header)
      const found = yield* jwks.lookUp(header.kid)
      if (found.state === "unavailable") return { state: "unverifiable" }
      if (found.state === "unknown") return invalid("kid-unknown")
      const first = yield* verified(jws, header, found.keys)
      if (first.payload !== undefined) return judge(first.payload, eventBody, eventClaim)
      const newer = yield* jwks.newerThan(found, header.kid)
      const second = yield* verified(jws, header, newer.keys)
      if (second.payload !== undefined) return judge(second.payload, eventBody, eventClaim)
      const isCertain = newer.isCurrent && first.triedAll && second.triedAll
      if (!isCertain) return { state: "unverifiable" }
      const isFitting = found.keys.some(({ byAlgorithm }) => byAlgorithm.has(header.algorithm))
      return invalid(isFitting ? "forged" : "key-mismatched")
    }),
  }
}

interface Tried {
  /** The signed payload. `undefined` if none of the keys made the signature. */
  readonly payload: Uint8Array | undefined
  readonly triedAll: boolean
}

/** Tries the keys that fit the signature's algorithm and length, at most {@link keysTriedMax}. */
const verified = Effect.fnUntraced(function* (
  jws: string,
  { algorithm }: Header,
  keys: ReadonlyArray<SignatureKey>,
): Effect.fn.Return<Tried> {
  const bytes = signatureBytes(jws)
  const fitting = keys
    .flatMap(({ byAlgorithm }) => byAlgorithm.get(algorithm) ?? [])
    .filter((key) => modulusBytes(key) === bytes)
  const triedAll = fitting.length <= keysTriedMax
  for (const key of fitting.slice(0, keysTriedMax)) {
    const payload = yield* Effect.promise(() => verifiedPayload(jws, algorithm, key))
    if (payload !== undefined) return { payload, triedAll }
  }
  return { payload: undefined, triedAll }
})

/** The length of the signature. An RSA signature is as long as its key's modulus. */
const signatureBytes = (jws: string): number => Math.floor(((jws.length - jws.lastIndexOf(".") - 1) * 3) / 4)

function modulusBytes({ algorithm }: CryptoKey): number | undefined {
  const bits = "modulusLength" in algorithm ? algorithm.modulusLength : undefined
  return typeof bits === "number" ? Math.ceil(bits / 8) : undefined
}

/** Remembers the last result. A bank signs with one key for weeks, so nearly all signatures have the same header. */
function rememberingLast<A>(read: (text: string) => A): (text: string) => A {
  let last: { readonly text: string; readonly header: A } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, header: read(text) }
    return last.header
  }
}

/**
 * The header, which is the first of the three parts of a compact JWS. `undefined` unless the whole text has its only
 * valid spelling. Node's decoder skips characters that are not base64url, so one message could be written in many
 * ways.
 */
function protectedHeaderOf(jws: string): string | undefined {
  const [, header, signature] = compact.exec(jws) ?? []
  if (header === undefined || signature === undefined) return undefined
  return isCanonical(signature) ? header : undefined
}

const compact = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*\.([A-Za-z0-9_-]*)$/u

/**
 * Whether the signature has its only valid spelling. It covers the exact text of header and payload, but the last
 * bits of its own last letter have no meaning.
 */
function isCanonical(part: string): boolean {
  try {
    return base64url.encode(base64url.decode(part)) === part
  } catch {
    return false
  }
}

/** Reads the header, and decides whether the signature can be acceptable, before any key is fetched. */
function readHeader(
  protectedHeader: string,
  algorithms: ReadonlyArray<SignatureAlgorithm>,
): Header | JwsInvalidReason {
  const header = decodeObject(protectedHeader)
  if (header === undefined) return "malformed"
  // Extensions change what a signature covers. The engine supports none, so all are refused.
  if (memberOf(header, "crit") !== undefined || memberOf(header, "b64") !== undefined)
    return "extension-refused"
  const algorithm = algorithms.find((allowed) => allowed === memberOf(header, "alg"))
  if (algorithm === undefined) return "algorithm-refused"
  const named = memberOf(header, "kid") ?? ""
  const kid = readKid(named)
  if (kid === undefined) return "kid-refused"
  return { algorithm, kid: kid === "" ? undefined : kid }
}

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
  key: CryptoKey,
): Promise<Uint8Array | undefined> {
  try {
    const { payload } = await compactVerify(jws, key, { algorithms: [algorithm], crit: {} })
    return payload
  } catch {
    return undefined
  }
}

/**
 * Compares the signed claims with the body. If the payload is no claims set, a genuine signature proves nothing about
 * the body.
 */
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
