import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { urlFault } from "@loan-engine/app/store/postgres/server/hosts"
import { connectionConfig, isPlainByDefault } from "@loan-engine/app/store/postgres/server/connection"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { Redacted } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"

describe("the way to PostgreSQL", () => {
  it.each([
    ["postgres://u:p@db.example/loans", true],
    ["postgres://u:p@10.0.0.7:5432/loans", true],
    ["postgresql://u:p@db/loans?target_session_attrs=read-write", true],
    ["postgres:///loans?host=db.example&user=u", true],
    ["postgres://u:p@db.example/loans?sslmode=disable", false],
    ["postgres://u:p@db.example/loans?sslmode=require", false],
    ["postgres://u:p@127.0.0.1/loans", false],
    ["postgres://u:p@[::1]:5432/loans", false],
    ["postgres://u:p@localhost/loans", false],
    ["postgres:///loans?host=/var/run/postgresql&user=u", false],
  ])("of %s: encryption is required by default: %s", (url, required) => {
    expect(isPlainByDefault(Redacted.make(url))).toBe(required)
    const { ssl } = connectionConfig({ ...postgresDefaults, url: Redacted.make(url) }, Redacted.make(url))
    expect(ssl).toBe(required ? true : undefined)
  })

  it.each([
    ["postgres://u:MARK@db.example/loans", "prefer"],
    ["postgres://u:MARK@db.example/loans", "allow"],
    ["postgres://u:MARK@127.0.0.1:5432,db.example:5432/loans", "prefer"],
    ["postgres:///loans?host=db.example&user=u&password=MARK", "allow"],
  ])("of %s is not left to the network by sslmode=%s: the URL is refused", (url, mode) => {
    const fault = urlFault(`${url}${url.includes("?") ? "&" : "?"}sslmode=${mode}`)
    expect(fault).toContain("Write sslmode=require")
    expect(fault).not.toContain("MARK")
  })

  it.each([
    "postgres://u:p@127.0.0.1/loans",
    "postgres://u:p@[::1]:5432/loans",
    "postgres://u:p@localhost/loans",
    "postgres:///loans?host=/var/run/postgresql&user=u",
  ])("of %s may be left to the server, because it is on this machine", (url) => {
    expect(urlFault(`${url}${url.includes("?") ? "&" : "?"}sslmode=prefer`)).toBeUndefined()
  })

  it("is never unencrypted to another host: a server without encryption is refused with a hint", async () => {
    const asked: Array<Buffer> = []
    const server = createServer((socket) =>
      socket.on("data", (bytes) => {
        asked.push(bytes)
        socket.write("N")
      }),
    ).listen(0, "0.0.0.0")
    await once(server, "listening")
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { code, err } = await runCli(["status"], {
      LOAN_ENGINE_DATABASE_URL: `postgres://u:MARK-password@0.0.0.0:${port}/loans`,
    })
    expect([code, err]).toEqual([2, expect.stringContaining("sslmode=disable")])
    expect(err).not.toContain("MARK")
    // Only the request for encryption, without user, database or password.
    expect(new Set(asked.map((bytes) => bytes.toString("hex")))).toEqual(new Set(["0000000804d2162f"]))
  })
})
