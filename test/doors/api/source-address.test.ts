import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeSourceOf } from "@loan-engine/app/access/source-address"
import type { ForwardingHeader } from "@loan-engine/app/access/source-address"
import { Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { runCli } from "../cli/run-cli.ts"

const trustedProxies = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]

const sourceOf = (
  peer: string | undefined,
  headers: Readonly<Record<string, string>>,
  forwardedHeader: ForwardingHeader = "x-forwarded-for",
): string =>
  makeSourceOf({ trustedProxies, forwardedHeader })(
    HttpServerRequest.fromWeb(new Request("http://engine/", { headers })).modify({
      remoteAddress: Option.fromUndefinedOr(peer),
    }),
  )
const xForwarded = (text: string) => ({ "x-forwarded-for": text })
const forwarded = (text: string) => ({ forwarded: text })

describe("the address that a request came from", () => {
  it.each([
    ["a stranger's own word counts for nothing", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["a trusted proxy's word counts", "10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["so does that of one on an IPv6 listener", "::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"],
    [
      "what stands before a proxy's word is the sender's invention",
      "10.1.2.3",
      "1.2.3.4, 198.51.100.1",
      "198.51.100.1",
    ],
    ["a second proxy of ours is passed", "10.1.2.3", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["ports are left out", "10.1.2.3", "198.51.100.1:4711", "198.51.100.1"],
    ["and brackets", "10.1.2.3", "[2001:db8::7]:4711", "2001:db8::7"],
    ["what is no address ends the way there", "10.1.2.3", "198.51.100.1, unknown, 10.9.9.9", "10.9.9.9"],
    ["all are our own: the first of them", "10.1.2.3", "fd00::1, 10.9.9.9", "fd00::1"],
    ["an empty header says nothing", "10.1.2.3", "", "10.1.2.3"],
  ])("%s", (_, peer, text, source) => {
    expect(sourceOf(peer, xForwarded(text))).toBe(source)
  })

  it.each([
    ["for=198.51.100.1", "198.51.100.1"],
    ['proto=https;For="[2001:db8::7]:4711";by=10.0.0.1', "2001:db8::7"],
    ["for=1.2.3.4, for=198.51.100.1;host=a", "198.51.100.1"],
    ["for=_hidden", "10.1.2.3"],
    ["proto=https", "10.1.2.3"],
  ])("is read from Forwarded, if the settings name that header: %s", (text, source) => {
    expect(sourceOf("10.1.2.3", forwarded(text), "forwarded")).toBe(source)
  })

  it("is never read from a header that the proxies pass on unchanged", () => {
    expect(sourceOf("10.1.2.3", { ...forwarded("for=1.2.3.4"), ...xForwarded("198.51.100.1") })).toBe(
      "198.51.100.1",
    )
    expect(sourceOf("10.1.2.3", xForwarded("1.2.3.4"), "forwarded")).toBe("10.1.2.3")
  })

  it("is unknown where there is no connection", () => {
    expect(sourceOf(undefined, xForwarded("1.2.3.4"))).toBe("unknown")
  })
})

describe("wrong keys", () => {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-sources-"))
  const statusOf = async (url: string, source: string): Promise<number> =>
    (await fetch(`${url}/v1/key`, { headers: { authorization: "Bearer guess", "x-forwarded-for": source } }))
      .status

  it.each([
    ["of each sender alone behind a trusted proxy", { LOAN_ENGINE_TRUSTED_PROXIES: "127.0.0.1" }, 401],
    ["of all together where no proxy is trusted", {}, 429],
  ])("are counted %s", async (title, environment, other) => {
    const engine = await startEngine(join(directory, `${title}.sqlite`), {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_WRONG_KEYS_PER_SOURCE_MAX: "2",
      ...environment,
    })
    try {
      for (const expected of [401, 401, 429])
        expect(await statusOf(engine.url, "198.51.100.1")).toBe(expected)
      expect(await statusOf(engine.url, "198.51.100.2")).toBe(other)
      expect(engine.written()).toContain(`"source":"${other === 401 ? "198.51.100.1" : "127.0.0.1"}"`)
    } finally {
      await engine.stop()
      rmSync(join(directory, `${title}.sqlite`))
    }
  })

  it.each(["10.0.0.0/33", "fd00::/129", "10.0.0", "proxy.internal", "10.0.0.0/8/8", "10.0.0.0/"])(
    "are not counted by %s, which is not an address",
    async (network) => {
      const { code, err } = await runCli(["config"], { LOAN_ENGINE_TRUSTED_PROXIES: network })
      expect(code).toBe(2)
      expect(err).toContain("LOAN_ENGINE_TRUSTED_PROXIES must be a list of addresses and networks")
    },
  )

  it("are not read from a header without a trusted proxy", async () => {
    const { code, err } = await runCli(["config"], { LOAN_ENGINE_FORWARDED_HEADER: "forwarded" })
    expect(code).toBe(2)
    expect(err).toContain("LOAN_ENGINE_FORWARDED_HEADER has no effect without LOAN_ENGINE_TRUSTED_PROXIES")
  })
})
