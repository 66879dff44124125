import { describe, expect, it } from "vitest"
import { runCli } from "./run-cli.ts"

const environment = {
  LOAN_ENGINE_API_KEY: "MARK-key",
  LOAN_ENGINE_DATABASE_URL: "postgres://loans:MARK-password@db.example/merchant",
  LOAN_ENGINE_ACCOUNTS: "se,fi",
  LOAN_ENGINE_BANK_URL: "https://bank.example/service",
  LOAN_ENGINE_SE_BANK_USERNAME: "swedish",
  LOAN_ENGINE_SE_BANK_PASSWORD: "MARK-se",
  LOAN_ENGINE_SE_CALLBACK_AUTH_METHOD: "BASIC",
  LOAN_ENGINE_SE_CALLBACK_CREDENTIALS: "MARK-callback",
  LOAN_ENGINE_FI_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
}

describe("loan-engine config", () => {
  it("prints each value and its source, and no secret", async () => {
    const { code, out, err } = await runCli(["config"], environment)
    expect([code, err]).toEqual([0, ""])
    const lineOf = (name: string): string => out.split("\n").find((line) => line.startsWith(`${name} `)) ?? ""
    expect(lineOf("LOAN_ENGINE_SE_BANK_USERNAME")).toMatch(/swedish\s+the environment$/u)
    expect(lineOf("LOAN_ENGINE_SE_BANK_PASSWORD")).toMatch(/\(hidden\)\s+the environment$/u)
    expect(lineOf("LOAN_ENGINE_DATABASE_URL")).toContain("db.example/merchant")
    expect(lineOf("LOAN_ENGINE_PORT")).toMatch(/8080\s+default$/u)
    expect(out).not.toContain("MARK")
  })

  it("prints the same as JSON, and fails if serve would fail", async () => {
    const { code, out, err } = await runCli(["config", "--json"], { ...environment, LOAN_ENGINE_API_KEY: "" })
    expect(code).toBe(2)
    expect(err).toContain("Neither LOAN_ENGINE_API_KEY nor LOAN_ENGINE_API_KEYS is set")
    expect(JSON.parse(out)).toHaveProperty("settings")
    expect(out).not.toContain("MARK")
  })
})

describe("loan-engine start", () => {
  it("refuses a PostgreSQL database, and says which command takes one", async () => {
    const { code, err } = await runCli(
      ["start", "--once", "--database", "postgres://user:MARK@db.example/loans"],
      {},
    )
    expect(code).toBe(2)
    expect(err).toContain("use `serve`")
    expect(err).not.toContain("MARK")
  })
})
