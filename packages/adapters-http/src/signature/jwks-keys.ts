import { X509Certificate } from "node:crypto"
import { importJWK } from "jose"
import type { CryptoKey } from "jose"
import { isJsonList, isJsonObject, JsonNumber, memberOf } from "../message/json.ts"
import type { JsonObject, JsonValue } from "../message/json.ts"

/**
 * The signature algorithms that a setting may allow. All use RSA. With a symmetric algorithm, anybody could sign with
 * the bank's public key.
 */
export type SignatureAlgorithm = "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512"

export const jwksKeysMax = 100
export const kidLengthMax = 256
export const rsaBitsMin = 2_048
/** A larger modulus only makes verification slow, so it is refused. */
export const rsaBitsMax = 8_192
const exponentMin = 3

/** How many keys are tried for one signature. Each costs time. */
export const keysTriedMax = 32

export interface SignatureKey {
  readonly kid: string | undefined
  /** The key's public numbers. If two keys have the same numbers, they are the same key. */
  readonly numbers: string
  /** The imported key for each algorithm. An import is for one algorithm only. */
  readonly byAlgorithm: ReadonlyMap<SignatureAlgorithm, CryptoKey>
}

/** Why a key of the set is not used. Only an `unusable` key may be a key with which the bank signs. */
export type SkippedKeyReason = "not-for-signatures" | "too-weak" | "unusable"

export interface KeySet {
  /** The keys in the order of the set. Several keys may have the same `kid`, and a key may have no `kid`. */
  readonly usable: ReadonlyArray<SignatureKey>
  /** The `kid` of each signing key that could not be imported. */
  readonly unusableKids: ReadonlySet<string>
  readonly skipped: ReadonlyArray<SkippedKeyReason>
  /** Two sets have the same identity if they have the same keys under the same names, in any order. */
  readonly identity: string
}

/**
 * Imports the keys of a JWKS document. Each key is imported separately, so that one bad key does not affect the
 * others. `undefined` if the document is no key set.
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

/**
 * The keys that may have made a signature with this `kid`: first those with the same `kid`, then those without one.
 * If the signature has no `kid`, all keys may.
 */
export function keysFor({ usable }: KeySet, kid: string | undefined): ReadonlyArray<SignatureKey> {
  if (kid === undefined) return usable
  const named = usable.filter((key) => key.kid === kid)
  return [...named, ...usable.filter((key) => key.kid === undefined)]
}

/**
 * Reads a `kid` in a set or in a signature's header. It is a text or a number. `undefined` if it is neither, or too
 * long.
 */
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

/** The key's public numbers, from the key itself or from its certificate. */
function numbersOf(jwk: JsonObject): { readonly n: string; readonly e: string } | undefined {
  const [n, e] = [textOf(jwk, "n"), textOf(jwk, "e")]
  if (n === undefined && e === undefined) return certifiedNumbers(jwk)
  // Checked here, because Node's importer skips characters that are not base64url. It would read a key that nobody
  // published.
  return n !== undefined && e !== undefined && base64url.test(n) && base64url.test(e) ? { n, e } : undefined
}

/**
 * The numbers from the first certificate of `x5c`, which is the key's own. It is trusted because the key set's URL is
 * trusted. So its issuer and its dates are not checked.
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

/** Whether a key may verify signatures of an algorithm. The words are compared in any case. */
function isForSignatures(jwk: JsonObject, algorithm: SignatureAlgorithm): boolean {
  return (
    isAbsentOr(jwk, "kty", "RSA") &&
    isAbsentOr(jwk, "use", "sig") &&
    isAbsentOr(jwk, "alg", algorithm) &&
    isAbsentOr(jwk, "key_ops", "verify") &&
    // A key set that publishes a private key lets anybody sign with it, so such a key is not used.
    (memberOf(jwk, "d") ?? undefined) === undefined
  )
}

/**
 * Whether a member is absent or has the expected value. A member without text counts as absent. A list may contain
 * several values.
 */
function isAbsentOr(jwk: JsonObject, name: string, expected: string): boolean {
  const value = memberOf(jwk, name) ?? ""
  const said = (isJsonList(value) ? value : [value]).filter((each) => each !== "")
  return said.length === 0 || said.some((each) => isWord(each, expected))
}

const isWord = (value: JsonValue, word: string): boolean =>
  typeof value === "string" && value.trim().toLowerCase() === word.toLowerCase()

/** Imports a public key. Only the two numbers are passed, so no other member of the key can influence the import. */
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
