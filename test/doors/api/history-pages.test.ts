import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loanClient } from "@loan-engine/app/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { startPostgres } from "../../stores/postgres/server.ts"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

const words = 505
const reference = "~. a/ö"

interface Versioned {
  readonly version: number
}
const versions = (entries: ReadonlyArray<Versioned>) => entries.map(({ version }) => version)
const versionsOf = async (answer: Response) => versions((await answer.json()) as ReadonlyArray<Versioned>)
const upTo = (last: number, after = 0) =>
  Array.from({ length: last - after }, (_, index) => after + index + 1)

/** The path of the next page, from the `Link` header. */
const nextOf = (answer: Response): string | undefined =>
  /^<([^>]+)>; rel="next"$/u.exec(answer.headers.get("link") ?? "")?.[1]

describe.each(["SQLite", "PostgreSQL"])("the history of a loan with endless callbacks on %s", (store) => {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-history-"))
  let postgres: PostgresServer | undefined
  let engine: EngineProcess
  beforeAll(async () => {
    if (store === "PostgreSQL") postgres = await startPostgres()
    const database = (await postgres?.newDatabase()) ?? join(directory, "loans.sqlite")
    engine = await startEngine(database, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_API_REQUESTS_PER_SECOND_MAX: "10000",
    })
    await Promise.all(
      Array.from({ length: words }, (_, index) =>
        engine.callback(
          JSON.stringify({
            externalApplicationEvent: {
              applicationReference: reference,
              applicationEventType: "WAITING_FOR_ADDITION",
              requiredDocuments: { documentTypes: [`PAPER_${index}`] },
            },
          }),
        ),
      ),
    )
  })
  afterAll(async () => {
    await engine.stop()
    await postgres?.remove()
    rmSync(directory, { recursive: true })
  })

  it("comes in pages, each naming the next", async () => {
    const seen: Array<number> = []
    let path: string | undefined = `/v1/loans/${encodeURIComponent(reference)}/history?limit=200`
    for (let pages = 1; path !== undefined; pages++) {
      const answer = await engine.api("GET", path)
      expect(answer.status).toBe(200)
      const page = await versionsOf(answer)
      expect(page.length).toBeLessThanOrEqual(200)
      seen.push(...page)
      path = nextOf(answer)
      expect(pages).toBeLessThanOrEqual(3)
    }
    expect(seen).toEqual(upTo(words))
  })

  it("holds 500 entries unless fewer are requested, and gives the next page", async () => {
    const path = `/v1/loans/${encodeURIComponent(reference)}/history`
    const answer = await engine.api("GET", path)
    expect(await versionsOf(answer)).toEqual(upTo(500))
    expect(nextOf(answer)).toContain("after=500")
    const rest = await engine.api("GET", `${path}?after=500`)
    expect([await versionsOf(rest), rest.headers.has("link")]).toEqual([upTo(words, 500), false])
    const exact = await engine.api("GET", `${path}?after=${words - 5}&limit=5`)
    expect([await versionsOf(exact), exact.headers.has("link")]).toEqual([upTo(words, words - 5), false])
    const behind = await engine.api("GET", `${path}?after=${words}`)
    expect(await behind.json()).toEqual([])
    expect((await engine.api("GET", `${path}?after=-1`)).status).toBe(400)
    expect((await engine.api("GET", `${path}?limit=501`)).status).toBe(400)
  })

  it("is whole for the typed client", async () => {
    const client = loanClient({ baseUrl: engine.url, apiKey })
    expect(versions(await client.history(reference))).toEqual(upTo(words))
  })
})
