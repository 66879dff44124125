import { execFileSync } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { anchorsIn } from "@loan-engine/app/journal/anchor"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../doors/cli/run-cli.ts"
import { startEngine } from "../whole/slice/engine-process.ts"
import { needs } from "./needs.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-openssl-"))
const openssl = (...options: ReadonlyArray<string>): string =>
  execFileSync("openssl", options, { cwd: directory, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })

const settings = `
[extensions]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = service
[service]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`

let url = ""
const server = createServer((request, response) => {
  void buffer(request).then((query) => {
    writeFileSync(join(directory, "query"), query)
    const signer = ["-signer", "service.pem", "-inkey", "service.key"]
    const asked = ["-config", "settings", "-section", "service", "-queryfile", "query"]
    openssl("ts", "-reply", ...asked, ...signer, "-out", "answer")
    response.writeHead(200, { "content-type": "application/timestamp-reply" })
    response.end(readFileSync(join(directory, "answer")))
  })
})

beforeAll(async () => {
  needs("openssl", "openssl")
  writeFileSync(join(directory, "settings"), settings)
  writeFileSync(join(directory, "serial"), "01\n")
  const key = (file: string) => ["-newkey", "rsa:2048", "-nodes", "-keyout", file]
  openssl("req", "-x509", ...key("root.key"), "-out", "root.pem", "-subj", "/CN=Root")
  openssl("req", ...key("service.key"), "-out", "service.csr", "-subj", "/CN=OpenSSL")
  openssl(
    "x509",
    "-req",
    "-in",
    "service.csr",
    "-CA",
    "root.pem",
    "-CAkey",
    "root.key",
    "-CAcreateserial",
    "-extfile",
    "settings",
    "-extensions",
    "extensions",
    "-out",
    "service.pem",
  )
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(directory, { recursive: true })
})

describe("OpenSSL as the time-stamp service", () => {
  it("stamps the engine's anchors, and confirms the kept stamp as docs/journal.md says", async () => {
    const path = join(directory, "loans.sqlite")
    const anchors = join(directory, "anchors")
    const engine = await startEngine(path, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20",
      LOAN_ENGINE_ANCHORS_FILE: anchors,
      LOAN_ENGINE_ANCHORS_TIME_STAMP_URL: url,
    })
    const event = { applicationReference: "A", applicationEventType: "SIGNED" }
    expect((await engine.callback(JSON.stringify({ externalApplicationEvent: event }))).status).toBe(200)
    await expect.poll(() => anchorsIn(readFileSync(anchors, "utf8"))[0]?.timeStamp).toBeDefined()
    expect(await engine.stop()).toBe(0)
    const { code, out } = await runCli(["journal", "verify"], {
      LOAN_ENGINE_DATABASE_URL: path,
      LOAN_ENGINE_ANCHORS_FILE: anchors,
    })
    expect([code, out]).toEqual([0, expect.stringContaining('by a certificate that calls itself "OpenSSL"')])
    const [anchor] = anchorsIn(readFileSync(anchors, "utf8"))
    if (anchor?.timeStamp === undefined) throw new Error("the anchor has no stamp")
    writeFileSync(join(directory, "anchor.txt"), `${anchor.number}:${anchor.hash}`)
    writeFileSync(join(directory, "stamp.tsr"), Buffer.from(anchor.timeStamp, "base64"))
    const judged = openssl("ts", "-verify", "-data", "anchor.txt", "-in", "stamp.tsr", "-CAfile", "root.pem")
    expect(judged).toContain("Verification: OK")
  })
})
