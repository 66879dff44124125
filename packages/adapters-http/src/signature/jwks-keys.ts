import { X509Certificate } from "node:crypto"
import { importJWK } from "jose"
import type { CryptoKey } from "jose"
import { isJsonList, isJsonObject, JsonNumber, memberOf } from "../message/json.ts"
import type { JsonObject, JsonValue } from "../message/json.ts"

/**
 * The signature algorithms that may be allowed at all. They are RSA, because a symmetric algorithm would use a public
 * key as a secret.
 */
export type SignatureAlgorithm = "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512"

export const jwksKeysMax = 100
export const kidLengthMax = 256
export const rsaBitsMin = 2_048
/** A larger modulus only makes verification slow. */
export const rsaBitsMax = 8_192
const exponentMin = 3

/** How many keys are tried for one signature. Each key that may fit costs a verification. */
export const keysTriedMax = 32

export interface SignatureKey {
  readonly kid: string | undefined
  /** The key's public numbers. Two keys with the same numbers are the same key. */
  readonly numbers: string
  /** One imported key for each algorithm that it may be used with, because an import binds a key to its algorithm. */
  readonly byAlgorithm: ReadonlyMap<SignatureAlgorithm, CryptoKey>
}

/** Why a key of the set is not used. Only an `unusable` key may be a signing key of the bank that we cannot read. */
export type SkippedKeyReason = "not-for-signatures" | "too-weak" | "unusable"

export interface KeySet {
  /** The keys in the order of the set. Several keys may have the same `kid`, and a key may have none. */
  readonly usable: ReadonlyArray<SignatureKey>
  /** The `kid` of each signing key that cannot be imported. */
  readonly unusableKids: ReadonlySet<string>
  readonly skipped: ReadonlyArray<SkippedKeyReason>
  /** Equal for two sets that have the same keys under the same names, in any order. */
  readonly identity: string
}

/**
 * The keys of a JWKS document. Each is imported separately, so that a bad key affects only itself. `undefined` if it is
 * not a key set.
 */
export async function importKeySet(
  document: JsonValue,
  algorithms: ReadonlyArray<SignatureAlgorithm>,
): Promise<KeySet | undefined> {
  const listed = isJsonObject(document) ? memberOf(document, "keys") : undefined
  if (!isJsonList(listed) || listed.length > jwksKeysMax) return undefined
  const usable: Array<SignatureKey> = []
  const unusableKids = new Set<string>()
  const skipped: Array<SkippedKeyReason> = []
  for (const jwk of listed) {
    const kid = kidOf(jwk)
    const key = await importKey(jwk, kid, algorithms)
    if (typeof key === "string") {
      skipped.push(key)
      if (key === "unusable" && kid !== undefined) unusableKids.add(kid)
      continue
    }
    usable.push(key)
  }
  return { usable, unusableKids, skipped, identity: identityOf(usable, unusableKids) }
}

const identityOf = (usable: ReadonlyArray<SignatureKey>, unusableKids: ReadonlySet<string>): string =>
  JSON.stringify([
    usable.map(({ kid, numbers }) => JSON.stringify([kid, numbers])).toSorted(),
    [...unusableKids].toSorted(),
  ])

/** The keys that may have made a signature with this `kid`: first those with the same `kid`, then those without one. Without a `kid`, all. */
export function keysFor({ usable }: KeySet, kid: string | undefined): ReadonlyArray<SignatureKey> {
  if (kid === undefined) return usable
  const named = usable.filter((key) => key.kid === kid)
  return [...named, ...usable.filter((key) => key.kid === undefined)]
}

/** A key's name, in a set or in a signature's header: text, or a number's digits. `undefined` if it is neither. */
export function readKid(kid: JsonValue): string | undefined {
  const text = kid instanceof JsonNumber ? kid.source : kid
  return typeof text === "string" && text.length <= kidLengthMax ? text : undefined
}

function kidOf(jwk: JsonValue): string | undefined {
  const kid = isJsonObject(jwk) ? readKid(memberOf(jwk, "kid") ?? null) : undefined
  return kid === "" ? undefined : kid
}

async function importKey(
  jwk: JsonValue,
  kid: string | undefined,
  algorithms: ReadonlyArray<SignatureAlgorithm>,
): Promise<SignatureKey | SkippedKeyReason> {
  if (!isJsonObject(jwk)) return "unusable"
  const usableWith = algorithms.filter((algorithm) => isForSignatures(jwk, algorithm))
  if (usableWith.length === 0) return "not-for-signatures"
  const numbers = numbersOf(jwk)
  if (numbers === undefined) return "unusable"
  const { n, e } = numbers
  const byAlgorithm = new Map<SignatureAlgorithm, CryptoKey>()
  for (const algorithm of usableWith) {
    const key = await importPublicKey(n, e, algorithm)
    if (key === undefined) return "unusable"
    if (!isStrong(key)) return "too-weak"
    byAlgorithm.set(algorithm, key)
  }
  return { kid, numbers: `${n}.${e}`, byAlgorithm }
}

const base64url = /^[A-Za-z0-9_-]+$/u

/** The key's public numbers. If it has none, those of its certificate. */
function numbersOf(jwk: JsonObject): { readonly n: string; readonly e: string } | undefined {
  const [n, e] = [textOf(jwk, "n"), textOf(jwk, "e")]
  if (n === undefined && e === undefined) return certifiedNumbers(jwk)
  // The platform's importer would skip foreign characters and so read a key that nobody published.
  return n !== undefined && e !== undefined && base64url.test(n) && base64url.test(e) ? { n, e } : undefined
}

/**
 * The first certificate of `x5c` is the key's own. It is trusted like the set, because of the URL that it came from.
 * Its issuer and its dates are not checked.
 */
function certifiedNumbers(jwk: JsonObject): { readonly n: string; readonly e: string } | undefined {
  const chain = memberOf(jwk, "x5c")
  const [certificate] = isJsonList(chain) ? chain : [chain]
  if (typeof certificate !== "string") return undefined
  try {
    const { publicKey } = new X509Certificate(Buffer.from(certificate, "base64"))
    const { kty, n, e } = publicKey.export({ format: "jwk" })
    return kty === "RSA" && n !== undefined && e !== undefined ? { n, e } : undefined
  } catch {
    return undefined
  }
}

/** Names from the standard, in any case. The configured algorithms decide what they allow. */
function isForSignatures(jwk: JsonObject, algorithm: SignatureAlgorithm): boolean {
  return (
    isAbsentOr(jwk, "kty", "RSA") &&
    isAbsentOr(jwk, "use", "sig") &&
    isAbsentOr(jwk, "alg", algorithm) &&
    isAbsentOr(jwk, "key_ops", "verify") &&
    // If a set publishes a private key, anybody can sign with it.
    (memberOf(jwk, "d") ?? undefined) === undefined
  )
}

/** A member without text says nothing. A list says each of its texts. */
function isAbsentOr(jwk: JsonObject, name: string, expected: string): boolean {
  const value = memberOf(jwk, name) ?? ""
  const said = (isJsonList(value) ? value : [value]).filter((each) => each !== "")
  return said.length === 0 || said.some((each) => isWord(each, expected))
}

const isWord = (value: JsonValue, word: string): boolean =>
  typeof value === "string" && value.trim().toLowerCase() === word.toLowerCase()

/** Only the public numbers are passed on, so no other member of the key can change what is imported. */
async function importPublicKey(
  n: string,
  e: string,
  algorithm: SignatureAlgorithm,
): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK({ kty: "RSA", n, e }, algorithm, { extractable: false })
    return key instanceof Uint8Array ? undefined : key
  } catch {
    return undefined
  }
}

function isStrong({ algorithm }: CryptoKey): boolean {
  const bits = "modulusLength" in algorithm ? algorithm.modulusLength : undefined
  const exponent = "publicExponent" in algorithm ? algorithm.publicExponent : undefined
  if (typeof bits !== "number" || bits < rsaBitsMin || bits > rsaBitsMax) return false
  return (
    exponent instanceof Uint8Array && exponent.reduce((value, byte) => value * 256 + byte, 0) >= exponentMin
  )
}

function textOf(object: JsonObject, name: string): string | undefined {
  const value = memberOf(object, name)
  return typeof value === "string" ? value : undefined
}
