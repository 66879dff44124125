import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import type { SignatureAlgorithm } from "@loan-engine/adapters-http/signature/jwks-keys"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import { Effect } from "effect"
import { importSPKI } from "jose"
import { describe, expect, it } from "vitest"

/** The folder `testvectors_v1` of Wycheproof, with vectors for JSON Web Signatures and RSA. No package contains it. */
const folder = process.env["LOAN_ENGINE_WYCHEPROOF"]

function vectorsFolder(): string {
  if (folder !== undefined && folder !== "") return folder
  throw new Error(
    "set LOAN_ENGINE_WYCHEPROOF to the folder testvectors_v1 of a clone of github.com/C2SP/wycheproof",
  )
}

/** Every algorithm that an operator may allow. */
const algorithms: ReadonlyArray<SignatureAlgorithm> = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]

interface Vectors {
  readonly testGroups: ReadonlyArray<{
    readonly comment: string
    readonly public?: { readonly alg?: string }
    readonly private?: object
    readonly tests: ReadonlyArray<{
      readonly tcId: number
      readonly comment: string
      readonly jws: string
      readonly result: "valid" | "invalid"
    }>
  }>
}

const read = (): Vectors =>
  JSON.parse(readFileSync(join(vectorsFolder(), "json_web_signature_test.json"), "utf8")) as Vectors

/** The verdict on a signature, if the bank publishes this key and every known algorithm is allowed. */
const verdictOn = (key: object, jws: string): Promise<string> => {
  const body = new TextEncoder().encode(JSON.stringify({ keys: [key] }))
  const published: Exchange = () => Effect.succeed({ status: 200, headers: {}, body })
  return Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const url = "https://bank.example/jwks"
        const jwks = yield* makeJwks({ url, exchange: published, algorithms })
        return (yield* makeJwsVerifier({ jwks }).verify(jws, {})).state
      }),
    ),
  )
}

/** The verdicts on a signature that this key made, for any content. */
const genuine: ReadonlySet<string> = new Set(["bound", "unbound", "contradicted"])

const algorithmOf = (jws: string): unknown => {
  const [header = ""] = jws.split(".")
  return (JSON.parse(Buffer.from(header, "base64url").toString()) as { readonly alg?: unknown }).alg
}

const known: ReadonlySet<unknown> = new Set(algorithms)

/**
 * The engine refuses a valid signature with another algorithm on purpose: the allow-list prevents a confusion of
 * algorithms. It also refuses a signature whose algorithm differs from the `alg` of its key. RFC 7520's figure 20 is
 * such a case here.
 */
function isAllowed(key: Vectors["testGroups"][number]["public"], jws: string): boolean {
  const algorithm = algorithmOf(jws)
  return known.has(algorithm) && (key?.alg ?? algorithm) === algorithm
}

describe("Wycheproof's vectors for JSON Web Signatures", () => {
  it("are all judged correctly: no invalid one is accepted, and every valid one with a known algorithm is", async () => {
    const { testGroups } = read()
    const wrong: Array<string> = []
    let taken = 0
    for (const { comment: group, public: key, private: secret, tests } of testGroups) {
      for (const { tcId, comment, jws, result } of tests) {
        const verdict = await verdictOn(key ?? secret ?? {}, jws)
        const isTaken = genuine.has(verdict)
        if (isTaken) taken += 1
        const isWanted = result === "valid" && isAllowed(key, jws)
        if (isTaken !== isWanted) wrong.push(`${tcId}, ${group}, ${comment}: ${verdict}`)
      }
    }
    expect(wrong).toEqual([])
    expect(taken).toBeGreaterThan(0)
  })
})

interface RsaVectors {
  readonly testGroups: ReadonlyArray<{
    readonly sha: string
    readonly publicKeyPem: string
    readonly tests: ReadonlyArray<{
      readonly tcId: number
      readonly comment: string
      readonly msg: string
      readonly sig: string
      /** `acceptable`: the signature is genuine, but in an outdated form. A verifier may do either. */
      readonly result: "valid" | "invalid" | "acceptable"
    }>
  }>
}

/** The algorithms with the padding of PKCS #1 v1.5, by their hash. */
const byHash: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ["SHA-256", "RS256"],
  ["SHA-384", "RS384"],
  ["SHA-512", "RS512"],
])

/**
 * These vectors sign any bytes, and a JSON Web Signature signs only its own two parts. So they are judged where jose
 * judges a signature: by the key that jose has imported, with the runtime's own check.
 */
const isGenuine = async (pem: string, algorithm: SignatureAlgorithm, sig: string, msg: string) =>
  crypto.subtle.verify(
    "RSASSA-PKCS1-v1_5",
    await importSPKI(pem, algorithm),
    Buffer.from(sig, "hex"),
    Buffer.from(msg, "hex"),
  )

const rsaFiles =
  folder === undefined || folder === ""
    ? []
    : readdirSync(folder).filter((name) => /^rsa_signature_\d+_sha(?:256|384|512)_test\.json$/u.test(name))

describe("Wycheproof's vectors for RSA signatures", () => {
  it("are there", () => {
    expect(vectorsFolder()).not.toBe("")
    expect(rsaFiles.length).toBeGreaterThanOrEqual(9)
  })

  it.each(rsaFiles)("are all judged correctly: %s", async (name) => {
    const { testGroups } = JSON.parse(readFileSync(join(vectorsFolder(), name), "utf8")) as RsaVectors
    const wrong: Array<string> = []
    let taken = 0
    for (const { sha, publicKeyPem, tests } of testGroups) {
      const algorithm = byHash.get(sha)
      if (algorithm === undefined) throw new Error(`an unknown hash: ${sha}`)
      for (const { tcId, comment, msg, sig, result } of tests) {
        const isTaken = await isGenuine(publicKeyPem, algorithm, sig, msg)
        if (isTaken) taken += 1
        if (result !== "acceptable" && isTaken !== (result === "valid")) wrong.push(`${tcId}, ${comment}`)
      }
    }
    expect(wrong).toEqual([])
    expect(taken).toBeGreaterThan(0)
  })
})
