import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { loanClient } from "@loan-engine/app/client"
import { describe, expect, it, onTestFinished } from "vitest"
import { mainPath } from "../../checkout.ts"
import { useConsole, watched } from "./support.ts"

const { newPage } = useConsole()

/** Runs `start` without a terminal, until it prints the console's address. */
async function startedConsole(): Promise<URL> {
  const child = spawn(process.execPath, [mainPath, "start", "--loans", "20"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(async () => {
    const ended = once(child, "close")
    child.kill("SIGTERM")
    await ended
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const [, link] = /^console {2}(http:\/\/127\.0\.0\.1:\d+\/console#key=.+)$/u.exec(line) ?? []
    if (link !== undefined) return new URL(link)
  }
  throw new Error("start ended without a word about the console")
}

describe("start", () => {
  it("prints an address that opens the console with this run's key, with loans that change by themselves", async () => {
    const link = await startedConsole()
    const other = await startedConsole()
    const [key, otherKey] = [link, other].map(({ hash }) => hash.replace("#key=", ""))
    expect(key).not.toBe(otherKey)
    expect(key?.length).toBeGreaterThanOrEqual(32)
    const client = loanClient({ baseUrl: link.origin, apiKey: key ?? "" })
    expect((await client.key()).scopes).toEqual(["read", "register", "operate"])
    await expect(loanClient({ baseUrl: link.origin, apiKey: otherKey ?? "" }).key()).rejects.toMatchObject({
      problem: { code: "unauthorized" },
    })
    const page = await newPage()
    const seen = watched(page)
    await page.goto(link.href)
    await page.locator("svg.lifecycle").waitFor()
    await page.locator(".changes li").first().waitFor()
    await page.getByLabel("Account", { exact: true }).selectOption("sandbox")
    await page.getByRole("link", { name: "bank-page" }).waitFor({ state: "detached" })
    expect(seen.every((url) => !url.includes(key ?? ""))).toBe(true)
    expect(seen.every((url) => new URL(url).origin === link.origin)).toBe(true)
  })
})
