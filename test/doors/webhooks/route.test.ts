import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createProxy } from "node:http"
import { createServer } from "node:https"
import { connect } from "node:net"
import type { AddressInfo } from "node:net"
import type { Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeAuthority } from "../../../packages/adapters-http/test/http/authority.ts"
import { event } from "../api/api-call.ts"
import { runCli } from "../cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-webhook-route-"))
const authority = makeAuthority()
const caFile = join(directory, "ca.pem")
writeFileSync(caFile, authority.certificate)

const servers: Array<Server> = []
async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, "127.0.0.1"))
  await once(server, "listening")
  const address = server.address() as AddressInfo
  return address.port
}

let taken = 0
let tunnels: Array<string | undefined> = []
let receiverPort: number
let proxyUrl: string
beforeAll(async () => {
  const receiver = createServer(authority.sign("hooks.example"), (request, response) => {
    request.resume()
    taken++
    response.writeHead(204).end()
  })
  receiverPort = await listen(receiver)
  // The proxy connects every host to this machine.
  const proxy = createProxy().on("connect", (request, socket) => {
    tunnels.push(request.url)
    const onward = connect(receiverPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      socket.pipe(onward).pipe(socket)
    })
    for (const each of [onward, socket]) each.on("error", () => undefined)
  })
  proxyUrl = `http://127.0.0.1:${await listen(proxy)}`
})
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(directory, { recursive: true })
})

const endpoint = () => ({
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  LOAN_ENGINE_WEBHOOK_POLL_MS: "20",
  LOAN_ENGINE_WEBHOOK_URLS: `crm=https://hooks.example:${receiverPort}/hook`,
  LOAN_ENGINE_WEBHOOK_SECRETS: "crm=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
})

describe("a webhook endpoint behind a proxy, with a certificate from a private authority", () => {
  it.each([
    [
      "by our settings",
      () => ({ LOAN_ENGINE_WEBHOOK_PROXY_URL: proxyUrl, LOAN_ENGINE_WEBHOOK_CA_FILE: caFile }),
    ],
    ["by the usual variables", () => ({ HTTPS_PROXY: proxyUrl, NODE_EXTRA_CA_CERTS: caFile })],
  ])("is reached %s", async (title, route) => {
    taken = 0
    tunnels = []
    const engine = await startEngine(join(directory, `${title}.sqlite`), { ...endpoint(), ...route() })
    expect((await engine.callback(event("sent", "SIGNED"))).status).toBe(200)
    await expect.poll(() => taken).toBeGreaterThan(0)
    expect(new Set(tunnels)).toEqual(new Set([`hooks.example:${receiverPort}`]))
    expect(await engine.stop()).toBe(0)
  })

  it.each([
    [
      "a host that NO_PROXY names",
      () => ({ HTTPS_PROXY: proxyUrl, NO_PROXY: ".example", NODE_EXTRA_CA_CERTS: caFile }),
    ],
    [
      "a host that our setting names",
      () => ({ LOAN_ENGINE_WEBHOOK_PROXY_URL: proxyUrl, LOAN_ENGINE_WEBHOOK_NO_PROXY: "hooks.example" }),
    ],
  ])("is not used for %s", async (title, route) => {
    tunnels = []
    const engine = await startEngine(join(directory, `${title}.sqlite`), { ...endpoint(), ...route() })
    await engine.callback(event("sent", "SIGNED"))
    const failed = async () =>
      (await (await fetch(`${engine.url}/metrics`)).text()).includes('outcome="unreachable"')
    await expect.poll(failed).toBe(true)
    expect(tunnels).toEqual([])
    expect(await engine.stop()).toBe(0)
  })

  it("needs a readable file of the authority", async () => {
    const { code, err } = await runCli(["config"], {
      LOAN_ENGINE_WEBHOOK_CA_FILE: join(directory, "nowhere.pem"),
    })
    expect([code, err]).toEqual([2, expect.stringContaining("LOAN_ENGINE_WEBHOOK_CA_FILE names the file")])
  })
})
