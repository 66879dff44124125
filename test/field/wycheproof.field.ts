import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import type { SignatureAlgorithm } from "@loan-engine/adapters-http/signature/jwks-keys"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

/** The folder `testvectors_v1` of Wycheproof, with vectors for JSON Web Signatures. No package contains it. */
const folder = process.env["LOAN_ENGINE_WYCHEPROOF"]

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

function read(): Vectors {
  if (folder === undefined || folder === "")
    throw new Error(
      "set LOAN_ENGINE_WYCHEPROOF to the folder testvectors_v1 of a clone of github.com/C2SP/wycheproof",
    )
  return JSON.parse(readFileSync(join(folder, "json_web_signature_test.json"), "utf8")) as Vectors
}

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
