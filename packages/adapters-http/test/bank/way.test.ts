import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import type { IncomingMessage, Server } from "node:http"
import { createServer } from "node:https"
import { connect, createServer as createTcpServer } from "node:net"
import type { AddressInfo, Server as TcpServer } from "node:net"
import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import { straightRoute } from "@loan-engine/adapters-http/http/route"
import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import { connectionAdvice } from "@loan-engine/adapters-http/http/connection-cause"
import { isSecureUrl } from "@loan-engine/adapters-http/http/secure-url"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { makeAuthority } from "../http/authority.ts"

const authority = makeAuthority()
const servers: Array<Server | TcpServer> = []
afterAll(() => servers.forEach((server) => server.close()))

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

const unauthorized = (_: IncomingMessage, response: { writeHead: (status: number) => { end: () => void } }) =>
  response.writeHead(401).end()
/** A bank behind TLS that always answers 401. An answer shows that the route works. */
const bank = (signed: ReturnType<typeof authority.sign>) => listen(createServer(signed, unauthorized))

async function outcome(url: string, route: Partial<BankRoute> = {}) {
  const asked = Effect.gen(function* () {
    const client = yield* makeBankClient({
      url,
      username: "u",
      password: Redacted.make("MARK"),
      route: { ...straightRoute, ...route },
    })
    return yield* client.getApplicationStatus(ApplicationReference.make("A-1"))
  })
  const failure = await Effect.runPromise(Effect.flip(Effect.scoped(asked)))
  const { message } = failure
  return { tag: failure._tag === "BankError" ? failure.reason._tag : failure._tag, message }
}

const trusting = { authorities: [authority.certificate] }

describe("each reason why a request does not reach the bank has its own error, which says what to do", () => {
  it("an expired certificate", async () => {
    const port = await bank(authority.sign("127.0.0.1", "20210101000000Z"))
    const { tag, message } = await outcome(`https://127.0.0.1:${port}`, trusting)
    expect(tag).toBe("CertificateRejected")
    expect(message).toContain(
      "it has expired: check this machine's clock, and tell the bank (CERT_HAS_EXPIRED)",
    )
  })

  it("another host's certificate", async () => {
    const port = await bank(authority.sign("other.example"))
    const { tag, message } = await outcome(`https://127.0.0.1:${port}`, trusting)
    expect([tag, message]).toEqual(["CertificateRejected", expect.stringContaining("another host")])
  })

  it("an unknown authority, which is known after it is configured", async () => {
    const port = await bank(authority.sign("127.0.0.1"))
    const { tag, message } = await outcome(`https://127.0.0.1:${port}`)
    expect([tag, message]).toEqual([
      "CertificateRejected",
      expect.stringContaining("LOAN_ENGINE_BANK_CA_FILE"),
    ])
    expect((await outcome(`https://127.0.0.1:${port}`, trusting)).tag).toBe("Unauthorized")
  })

  it("a host that has no address", async () => {
    const { tag, message } = await outcome("https://no-such-host.invalid/service")
    expect([tag, message]).toEqual(["NameNotFound", expect.stringContaining("check its spelling")])
  })

  it("a port on which nothing listens", async () => {
    const { tag, message } = await outcome("https://127.0.0.1:1/service")
    expect([tag, message]).toEqual(["Refused", expect.stringContaining("nothing listens")])
  })

  it("a port that speaks no TLS", async () => {
    const port = await listen(createHttpServer(unauthorized))
    const { tag, message } = await outcome(`https://127.0.0.1:${port}`)
    expect([tag, message]).toEqual(["TlsFailed", expect.stringContaining("speaks https")])
  })

  it("a connection that is closed", async () => {
    const port = await listen(createTcpServer((socket) => socket.destroy()))
    const { tag, message } = await outcome(`http://127.0.0.1:${port}`)
    expect([tag, message]).toEqual([
      "ConnectionBroken",
      expect.stringContaining("unknown whether the request"),
    ])
  })

  it.each(["EHOSTUNREACH", "ENETUNREACH"])("no route: %s", (code) => {
    expect(connectionAdvice(code)).toContain("check the network")
  })
})

/** A proxy that opens every tunnel to this machine, for any requested host. It remembers the requests. */
async function proxy(isOpen: boolean) {
  const asked: Array<{ readonly host: string | undefined; readonly login: string | undefined }> = []
  const server = createHttpServer(unauthorized)
  server.on("connect", (request, socket) => {
    asked.push({ host: request.url, login: request.headers["proxy-authorization"] })
    if (!isOpen) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
      return
    }
    const target = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
      target.pipe(socket).pipe(target)
    })
    target.on("error", () => socket.destroy())
    socket.on("error", () => target.destroy())
  })
  return { port: await listen(server), asked }
}

describe("a proxy", () => {
  const via = (port: number) => ({
    ...trusting,
    proxyUrl: Redacted.make(`http://me:pass%40word@127.0.0.1:${port}`),
  })

  it("carries the requests to the bank, gets only its own login, and cannot read the requests", async () => {
    const port = await bank(authority.sign("bank.example"))
    const { port: proxyPort, asked } = await proxy(true)
    expect((await outcome(`https://bank.example:${port}/service`, via(proxyPort))).tag).toBe("Unauthorized")
    const login = `Basic ${Buffer.from("me:pass@word").toString("base64")}`
    expect(asked).toEqual([{ host: `bank.example:${port}`, login }])
  })

  it("that refuses is named in the error, without a password", async () => {
    const { port: proxyPort } = await proxy(false)
    const { tag, message } = await outcome("https://bank.example/service", via(proxyPort))
    expect([tag, message]).toEqual(["ProxyRefused", expect.stringContaining("LOAN_ENGINE_BANK_PROXY_URL")])
    expect(message).toContain("PROXY_403")
    expect(message).not.toContain("pass")
  })

  it.each([
    ["that nothing listens for", "http://127.0.0.1:1", "PROXY_ECONNREFUSED"],
    ["whose name nobody knows", "http://proxy.invalid:3128", "PROXY_ENOTFOUND"],
  ])("%s is not taken for a failure of the bank", async (_, url, code) => {
    const { tag, message } = await outcome("https://bank.example/service", {
      ...trusting,
      proxyUrl: Redacted.make(url),
    })
    expect([tag, message]).toEqual(["ProxyRefused", expect.stringContaining(code)])
    expect(message).toContain("LOAN_ENGINE_BANK_PROXY_URL")
  })

  it.each([
    ["a host of our own machine", "https://127.0.0.1:PORT", [], "Unauthorized"],
    ["a host that is named", "https://no-such-host.invalid:PORT", ["no-such-host.invalid"], "NameNotFound"],
    ["a host below one that is named", "https://no-such-host.invalid:PORT", [".invalid"], "NameNotFound"],
    ["every host", "https://no-such-host.invalid:PORT", ["*"], "NameNotFound"],
  ])("is passed by for %s", async (_, url, noProxy, tag) => {
    const port = await bank(authority.sign("127.0.0.1"))
    const { port: proxyPort, asked } = await proxy(true)
    const route = { ...via(proxyPort), noProxy }
    expect((await outcome(url.replace("PORT", String(port)), route)).tag).toBe(tag)
    expect(asked).toEqual([])
  })
})

describe("plain http", () => {
  it("is allowed only for the named hosts", async () => {
    const url = "http://no-such-host.invalid/service"
    const refused = await outcome(url)
    expect([refused.tag, refused.message]).toEqual([
      "BankConfigError",
      expect.stringContaining("LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS"),
    ])
    expect((await outcome(url, { plainHttpHosts: ["no-such-host.invalid"] })).tag).toBe("NameNotFound")
    expect(isSecureUrl("http://sub.bank.internal", ["bank.internal"])).toBe(false)
    expect(isSecureUrl("http://user:password@bank.internal", ["bank.internal"])).toBe(false)
  })
})
