import { once } from "node:events"
import { createServer } from "node:http"
import { CompactSign, exportJWK, generateKeyPair, importJWK } from "jose"
import type { JWK } from "jose"

const kid = "bench-1"

/** A signing key of the bank: the URL of its public half, and both halves as JWKs. */
export interface BankKey {
  readonly jwksUrl: string
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  readonly close: () => void
}

export async function openBankKey(): Promise<BankKey> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "RS256" }
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.end(JSON.stringify({ keys: [publicJwk] }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks`,
    publicJwk,
    privateJwk: await exportJWK(privateKey),
    close: () => server.close(),
  }
}

let signed = 0

/** New callbacks, each about a different loan, signed as by the bank. */
export async function signedCallbacks(
  privateJwk: JWK,
  count: number,
  prefix = "bench",
): Promise<Array<string>> {
  const key = await importJWK(privateJwk, "RS256")
  const bodies: Array<string> = []
  for (let index = 0; index < count; index++) {
    const externalApplicationEvent = {
      applicationReference: `${prefix}-${signed++}`,
      applicationEventType: "CREDIT_DECISION_UPDATED",
      creditDecision: {
        creditDecision: "APPROVED",
        approvedAmount: 10_000,
        interest: 12.3,
        documentTypes: ["ID"],
      },
    }
    const iat = Math.floor(Date.now() / 1000)
    const claims = new TextEncoder().encode(JSON.stringify({ iss: "bench", iat, externalApplicationEvent }))
    const jwsData = await new CompactSign(claims)
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
      .sign(key)
    bodies.push(JSON.stringify({ externalApplicationEvent, jwsData }))
  }
  return bodies
}
