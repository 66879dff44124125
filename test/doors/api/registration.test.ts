import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { startPostgres } from "../../stores/postgres/server.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { decision } from "./api-call.ts"

interface Answered {
  readonly status: number
  readonly location: string | null
  readonly body: { readonly [member: string]: unknown }
}

const xmlOf = (reference: string, decided: string, offer = ""): string =>
  `<submitApplicationExtResponse><submitApplicationExtResult><applicationReference>${reference}</applicationReference>` +
  `<decision>${decided}</decision>${offer}</submitApplicationExtResult></submitApplicationExtResponse>`

describe.each(["SQLite", "PostgreSQL"])("on %s", (store) => {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-registration-"))
  let postgres: PostgresServer | undefined
  let engines: ReadonlyArray<EngineProcess>
  let engine: EngineProcess
  beforeAll(async () => {
    if (store === "PostgreSQL") postgres = await startPostgres()
    const database = (await postgres?.newDatabase()) ?? join(directory, "registration.sqlite")
    const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1" }
    engine = await startEngine(database, quick)
    // Several engines can share a PostgreSQL store. An SQLite file has only one engine.
    engines = postgres === undefined ? [engine] : [engine, await startEngine(database, quick)]
  })
  afterAll(async () => {
    await Promise.all(engines.map((each) => each.stop()))
    await postgres?.remove()
    rmSync(directory, { recursive: true })
  })

  const post = async (body: string, contentType?: string, to = engine, query = ""): Promise<Answered> => {
    const answer = await to.api("POST", `/v1/loans${query}`, body, contentType)
    return {
      status: answer.status,
      location: answer.headers.get("location"),
      body: (await answer.json()) as Answered["body"],
    }
  }
  const register = (reference: string, more: object = {}, to = engine, query = "") =>
    post(
      JSON.stringify({ applicationReference: reference, decision: "APPROVED", ...more }),
      undefined,
      to,
      query,
    )
  const loan = async (reference: string) =>
    (await (await engine.api("GET", `/v1/loans/${reference}`)).json()) as Answered["body"]

  describe("the first registration counts", () => {
    it.each([
      ["the same", {}, 200],
      ["its amounts written otherwise", { approvedAmount: 10_000.5, tenor: 24 }, 200],
      ["another decision", { decision: "REJECTED" }, 409],
      ["a decision that is open", { decision: "MANUAL_INSPECTION" }, 409],
      ["another amount", { approvedAmount: "10001" }, 409],
      ["another tenor", { tenor: "36" }, 409],
      ["an offer of more", { interest: "8.02" }, 409],
    ])("before %s", async (title, more, status) => {
      const reference = `first-${title.replaceAll(" ", "-")}`
      const offer = { approvedAmount: "10000.50", tenor: "24" }
      expect((await register(reference, offer)).status).toBe(201)
      const before = await loan(reference)
      const again = await register(reference, { ...offer, ...more })
      expect(again.status).toBe(status)
      expect(await loan(reference)).toEqual(before)
      expect(before).toMatchObject({ stage: "approved", version: 1 })
      if (status === 200) return
      expect(again.body).toMatchObject({ code: "registration-mismatch" })
      expect(again.body["detail"]).toMatch(
        /^The first registration remains valid\. It was received at 20.+Z and said APPROVED\. The loan's stage is approved\. /u,
      )
      expect(again.location).toBe(`/v1/loans/${reference}`)
    })

    it("and is described in a whole sentence, even without a readable decision", async () => {
      expect((await register("first-unread", { decision: "ACCEPT" })).status).toBe(201)
      const other = await register("first-unread", { decision: "APPROVED" })
      expect(other.status).toBe(409)
      expect(other.body["detail"]).toMatch(
        /^The first registration remains valid\. It was received at 20.+Z and had no readable decision\. /u,
      )
    })

    it("and its offer may be in a separate object", async () => {
      const offer = { approvedAmount: "10000" }
      expect((await register("first-within", { offer })).status).toBe(201)
      expect(await loan("first-within")).toMatchObject({ offer })
      expect((await register("first-within", offer)).status).toBe(200)
    })

    it("in JSON as well as in XML", async () => {
      expect((await register("first-json", { approvedAmount: "10" })).status).toBe(201)
      const same = xmlOf("first-json", "APPROVED", "<approvedAmount>10.0</approvedAmount>")
      expect((await post(same, "text/xml")).status).toBe(200)
      expect((await post(xmlOf("first-json", "REJECTED"), "text/xml")).status).toBe(409)
    })

    it("also after later reports of the bank, and the answer has the present stage", async () => {
      expect((await register("moved-on", { decision: "MANUAL_INSPECTION" })).status).toBe(201)
      await engine.callback(decision("moved-on", "REJECTED"))
      expect((await register("moved-on", { decision: "MANUAL_INSPECTION" })).status).toBe(200)
      const other = await register("moved-on", { decision: "APPROVED" })
      expect(other.status).toBe(409)
      expect(other.body["detail"]).toContain("MANUAL_INSPECTION")
      expect(other.body["detail"]).toContain("stage is rejected")
      expect(await loan("moved-on")).toMatchObject({ stage: "rejected" })
    })

    it("and a later one can only add the merchant's own reference", async () => {
      expect((await register("named-later")).status).toBe(201)
      expect((await register("named-later", {}, engine, "?externalReference=order-1")).status).toBe(200)
      expect(await loan("named-later")).toMatchObject({ externalReference: "order-1" })
      const other = await register("named-later", {}, engine, "?externalReference=order-2")
      expect(other.body).toMatchObject({ status: 409, code: "external-reference-mismatch" })
    })
  })

  describe("several registrations at the same time", () => {
    const rounds = Array.from({ length: 5 }, (_, round) => round)
    const spread = (index: number): EngineProcess => engines[index % engines.length] ?? engine

    it.each(rounds)("exactly one is the first, and equal ones are all accepted (%d)", async (round) => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => register(`race-${round}`, {}, spread(index))),
      )
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
    })

    it.each(rounds)("exactly one is the first, and different ones are refused (%d)", async (round) => {
      const decisions = ["APPROVED", "REJECTED", "MANUAL_INSPECTION", "APPROVED"]
      const answers = await Promise.all(
        decisions.map((decided, index) => register(`clash-${round}`, { decision: decided }, spread(index))),
      )
      const first = answers.findIndex(({ status }) => status === 201)
      const expected = decisions.map((decided, index) =>
        index === first ? 201 : decided === decisions[first] ? 200 : 409,
      )
      expect(answers.map(({ status }) => status)).toEqual(expected)
      const stages = ["approved", "rejected", "manualInspection", "approved"]
      expect(await loan(`clash-${round}`)).toMatchObject({ stage: stages[first] })
    })
  })

  describe("a registration in JSON", () => {
    it.each([
      ["a tenor of blanks", '"tenor":" "', ["tenor"]],
      ["a tenor that is a list", '"tenor":[12,24]', ["tenor"]],
      ["a tenor that is true", '"tenor":true', ["tenor"]],
      ["an amount of blanks", '"approvedAmount":" "', ["approvedAmount"]],
    ])("with %s is accepted without this detail, and names it", async (title, members, leftOut) => {
      const reference = `odd-${title.replaceAll(" ", "-")}`
      const body = `{"applicationReference":"${reference}","decision":"APPROVED",${members}}`
      expect((await post(body)).status).toBe(201)
      const history = await (await engine.api("GET", `/v1/loans/${reference}/history`)).json()
      expect(history).toMatchObject([{ leftOut }])
      expect(await loan(reference)).toMatchObject({ stage: "approved" })
    })

    it.each([
      ["the decision twice", '"decision":"REJECTED","decision":"APPROVED"', undefined],
      ["an amount twice", '"decision":"APPROVED","tenor":1,"tenor":1', undefined],
      ["the reference twice", '"decision":"APPROVED","applicationReference":"odd-2"', undefined],
      [
        "a member twice, deep in what we do not know",
        '"decision":"APPROVED","x":[{"y":{"a":1,"a":1}}]',
        undefined,
      ],
      ["a member twice, once by an escape", '"decision":"APPROVED","x":1,"\\u0078":1', undefined],
      ["half a character", '"decision":"APPROVED","x":"\\ud800"', undefined],
    ])("with %s is refused, and nothing is stored", async (_title, members, field) => {
      const { status, body } = await post(`{"applicationReference":"odd-1",${members}}`)
      expect([status, body["code"], body["field"]]).toEqual([400, "submission-malformed", field])
      for (const reference of ["odd-1", "odd-2"]) {
        expect((await engine.api("GET", `/v1/loans/${reference}`)).status).toBe(404)
      }
    })
  })

  it("a ruling with a repeated member is refused", async () => {
    await engine.callback(decision("twice-1", "APPROVED"))
    await engine.callback(decision("twice-1", "REJECTED"))
    const rule = (members: string) => engine.api("POST", "/v1/loans/twice-1/ruling", `{${members}}`)
    const twice = await rule('"decision":"rejected","by":"Desk","reason":"phone","decision":"approved"')
    expect(twice.status).toBe(400)
    expect(await twice.json()).toMatchObject({
      code: "request-invalid",
      detail: expect.stringContaining("has the same member twice"),
    })
    const deep = '"decision":"rejected","by":"Desk","reason":"phone","x":[{"a":1,"\\u0061":1}]'
    expect((await rule(deep)).status).toBe(400)
    expect(await loan("twice-1")).toMatchObject({ stage: "disputed" })
    expect((await rule('"decision":"rejected","by":"Desk","reason":"phone"')).status).toBe(200)
  })
})
