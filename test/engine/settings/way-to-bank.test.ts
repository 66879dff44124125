import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { configFromEnvironment, configOf } from "@loan-engine/app/config/config"
import { Environment } from "@loan-engine/app/config/sources"
import { Effect, Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { makeAuthority } from "../../../packages/adapters-http/test/http/authority.ts"
import { runCli } from "../../doors/cli/run-cli.ts"

const directory = mkdtempSync(join(tmpdir(), "way-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const fileOf = (name: string, content: string): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

type Variables = Readonly<Record<string, string>>
const base = {
  LOAN_ENGINE_API_KEY: "key",
  LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  LOAN_ENGINE_BANK_URL: "https://bank.example/service",
  LOAN_ENGINE_BANK_USERNAME: "u",
  LOAN_ENGINE_BANK_PASSWORD: "MARKpassword",
}
const config = (variables: Variables) =>
  Effect.provideService(configFromEnvironment, Environment, { ...base, ...variables })
const routeIn = async (variables: Variables) => {
  const route = (await Effect.runPromise(config(variables))).accounts[0]?.bank?.route
  return { ...route, proxyUrl: route?.proxyUrl && Redacted.value(route.proxyUrl) }
}
const refusal = async (variables: Variables): Promise<string> =>
  (await Effect.runPromise(Effect.flip(config(variables)))).message

describe("the proxy", () => {
  it("comes from the usual variables, unless the project's variables or the file have another", async () => {
    const usual = { HTTPS_PROXY: "http://usual:3128", NO_PROXY: "a.internal, .b.internal c" }
    expect(await routeIn(usual)).toMatchObject({
      proxyUrl: "http://usual:3128",
      noProxy: ["a.internal", ".b.internal", "c"],
    })
    expect(await routeIn({ ...usual, https_proxy: "http://small:1" })).toMatchObject({
      proxyUrl: "http://small:1",
    })
    const path = fileOf("file.json", JSON.stringify({ bankProxyUrl: "http://file:1" }))
    expect(await routeIn({ ...usual, LOAN_ENGINE_CONFIG_FILE: path })).toMatchObject({
      proxyUrl: "http://file:1",
    })
    const ours = { ...usual, LOAN_ENGINE_CONFIG_FILE: path, LOAN_ENGINE_BANK_PROXY_URL: "http://ours:1" }
    expect(await routeIn(ours)).toMatchObject({ proxyUrl: "http://ours:1" })
    expect(await routeIn({ HTTPS_PROXY: "" })).toMatchObject({ proxyUrl: undefined, noProxy: [] })
  })

  it("is not used if code opens the engine without an environment", async () => {
    const { accounts } = await Effect.runPromise(
      configOf({
        bankUrl: "https://b.example",
        bankUsername: "u",
        bankPassword: "p",
        allowUnauthenticatedCallbacks: true,
      }),
    )
    expect(accounts[0]?.bank?.route.proxyUrl).toBeUndefined()
  })

  it.each([
    ["HTTPS_PROXY", "proxy:3128"],
    ["HTTPS_PROXY", "socks5://u:MARK@proxy:1080"],
    ["LOAN_ENGINE_BANK_PROXY_URL", "http://u:MARK@proxy:3128/path"],
    ["LOAN_ENGINE_BANK_PROXY_URL", "http://proxy:3128?x=MARK"],
  ])("is refused by its name and without its password: %s=%s", async (name, value) => {
    const message = await refusal({ [name]: value })
    expect(message).toMatch(new RegExp(`^${name} must be an http or https URL`, "u"))
    expect(message).not.toContain("MARK")
  })
})

describe("a private certificate authority", () => {
  it("is read from its file, several at once", async () => {
    const [one, two] = [makeAuthority().certificate, makeAuthority().certificate]
    const path = fileOf("ca.pem", `# ours\n${one}\n${two}`)
    expect((await routeIn({ LOAN_ENGINE_BANK_CA_FILE: path })).authorities).toHaveLength(2)
  })

  it.each([
    ["nowhere", undefined],
    ["empty.pem", ""],
    ["key.pem", "-----BEGIN PRIVATE KEY-----\nMARK\n-----END PRIVATE KEY-----"],
    ["broken.pem", "-----BEGIN CERTIFICATE-----\nMARK\n-----END CERTIFICATE-----"],
  ])("is refused if the file is %s", async (name, content) => {
    const path = content === undefined ? join(directory, name) : fileOf(name, content)
    const message = await refusal({ LOAN_ENGINE_BANK_CA_FILE: path })
    expect(message).toContain(`LOAN_ENGINE_BANK_CA_FILE names the file ${path}`)
    expect(message).not.toContain("MARK")
  })
})

describe("the doctor", () => {
  it.each([
    [
      { LOAN_ENGINE_BANK_URL: "https://no-such-host.invalid" },
      "its host is not found",
      "ENOTFOUND|EAI_AGAIN",
    ],
    [{ LOAN_ENGINE_BANK_URL: "https://127.0.0.1:1" }, "its address refuses the connection", "ECONNREFUSED"],
    [
      { LOAN_ENGINE_BANK_URL: "http://bank.internal" },
      "its settings cannot be used",
      "LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS",
    ],
    [
      { LOAN_ENGINE_BANK_URL: "https://bank.example", HTTPS_PROXY: "http://127.0.0.1:1" },
      "the proxy to it cannot be reached, or refuses",
      "PROXY_ECONNREFUSED",
    ],
  ])("names the cause and a hint: %j", async (variables, found, advice) => {
    const { out } = await runCli(["doctor", "--json"], { ...base, ...variables })
    const checks: ReadonlyArray<{ name: string; found: string; mend?: string }> = JSON.parse(out)
    const check = checks.find(({ name }) => name === "bank default")
    expect(check?.found).toBe(found)
    expect(check?.mend).toMatch(new RegExp(advice, "u"))
    expect(out).not.toContain("MARKpassword")
  })

  it("says why the bank's keys are not available", async () => {
    const { out } = await runCli(["doctor", "--json"], {
      ...base,
      LOAN_ENGINE_JWKS_URL: "https://127.0.0.1:1/jwks",
    })
    const checks: ReadonlyArray<{ name: string; found: string }> = JSON.parse(out)
    expect(checks.find(({ name }) => name === "keys default")?.found).toContain("(ECONNREFUSED)")
  })

  it("goes through the proxy that config shows to be set, without its password", async () => {
    const { out } = await runCli(["config"], { ...base, HTTPS_PROXY: "http://u:MARK@proxy:3128" })
    expect(out).toMatch(/HTTPS_PROXY +\(hidden\) +the environment/u)
    expect(out).not.toContain("MARK")
  })
})
