import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import type { RequestListener, Server } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CompactSign, exportJWK, generateKeyPair } from "jose"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeAuthority } from "../../../packages/adapters-http/test/http/authority.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-way-"))
const authority = makeAuthority()
const caFile = join(directory, "ca.pem")
writeFileSync(caFile, authority.certificate)

const event = { applicationReference: "way-1", applicationEventType: "SIGNED" }
const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const soap =
  "<getApplicationStatusResponse><waitingForAddition>false</waitingForAddition><paidOut>false</paidOut></getApplicationStatusResponse>"

/** One listener serves the bank, its keys and its test utility. */
let jwks: string
let jwsData: string
const asked: Array<string> = []
const bank: RequestListener = (request, response) => {
  asked.push(`${request.method} ${request.headers.host?.split(":")[0]}${request.url}`)
  request.resume()
  if (request.url === "/jwks") response.end(jwks)
  else if (request.method === "GET") response.end()
  else response.writeHead(200, { "content-type": "text/xml" }).end(soap)
}

const servers: Array<Server> = []
const engines: Array<EngineProcess> = []
async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, "127.0.0.1"))
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

let secure: string
let plain: string
beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true })
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", use: "sig", alg: "RS256" }] })
  jwsData = await new CompactSign(encode({ iss: "bank", externalApplicationEvent: event }))
    .setProtectedHeader({ alg: "RS256", kid: "k" })
    .sign(privateKey)
  secure = `https://127.0.0.1:${await listen(createServer(authority.sign("127.0.0.1"), bank))}`
  // An address that reaches this machine but is not written as a loopback address.
  plain = `http://0.0.0.0:${await listen(createHttpServer(bank))}`
})
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.stop()))
  for (const server of servers) server.close().closeAllConnections()
  rmSync(directory, { recursive: true })
})

const settings = (base: string) => ({
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  LOAN_ENGINE_BANK_URL: `${base}/service`,
  LOAN_ENGINE_BANK_USERNAME: "agent",
  LOAN_ENGINE_BANK_PASSWORD: "secret",
  LOAN_ENGINE_JWKS_URL: `${base}/jwks`,
  LOAN_ENGINE_POLL_INTERVAL_SCALE: "100000",
})

async function outcome(name: string, environment: Readonly<Record<string, string>>) {
  const engine = await startEngine(join(directory, `${name}.sqlite`), environment)
  engines.push(engine)
  const callback = await engine.callback(JSON.stringify({ externalApplicationEvent: event, jwsData }))
  const polled = await engine.api("POST", "/v1/loans/way-1/poll")
  return { status: callback.status, polled: JSON.stringify(await polled.json()) }
}

describe("a private certificate authority", () => {
  it("makes polls and the fetch of keys work, which fail without it", async () => {
    const without = await outcome("without-ca", settings(secure))
    expect([without.status, without.polled]).toEqual([202, expect.stringContaining("CertificateRejected")])
    const trusting = await outcome("with-ca", { ...settings(secure), LOAN_ENGINE_BANK_CA_FILE: caFile })
    expect([trusting.status, trusting.polled]).toEqual([200, expect.not.stringContaining("Certificate")])
  })

  it("makes calls to the configured test utility work", async () => {
    const environment = { LOAN_ENGINE_TRIGGER_URL: `${secure}/util` }
    const without = await runCli(["trigger", "reject", "way-1"], environment)
    expect([without.code, without.err]).toEqual([4, expect.stringContaining("did not answer")])
    const trusting = { ...environment, LOAN_ENGINE_BANK_CA_FILE: caFile }
    expect((await runCli(["trigger", "reject", "way-1"], trusting)).code).toBe(0)
    expect(asked).toContain("GET 127.0.0.1/util/reject/way-1")
  })
})

describe("plain http to a host in the own network", () => {
  it("is refused at the start unless the host is named", async () => {
    const refused = await runCli(["serve"], {
      ...settings(plain),
      LOAN_ENGINE_DATABASE_URL: join(directory, "refused.sqlite"),
      LOAN_ENGINE_API_KEY: "key",
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: "Yg==",
    })
    expect(refused.code).not.toBe(0)
    expect(refused.err + refused.out).toContain("LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS")
    expect(asked.filter((each) => each.includes("0.0.0.0"))).toEqual([])
    const named = await outcome("plain", {
      ...settings(plain),
      LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS: "other.internal, 0.0.0.0",
    })
    expect(named.status).toBe(200)
    expect(asked).toEqual(expect.arrayContaining(["GET 0.0.0.0/jwks", "POST 0.0.0.0/service"]))
  })
})
