import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { metricFamilies } from "../../docs/pages/metric-families.ts"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { inCheckout } from "../../checkout.ts"
import { decision, event } from "../../doors/api/api-call.ts"
import { openEvents } from "../../doors/api/event-stream.ts"
import type { EventStream } from "../../doors/api/event-stream.ts"
import { freePort, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { startBank } from "./bank.ts"
import { samplesOf } from "./prometheus.ts"
import type { Sample } from "./prometheus.ts"
import { alertRules, dashboardPanels, groupedIn, selectedIn } from "./rules-and-panels.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-rules-"))
const rules = alertRules()
const panels = dashboardPanels()
const expressions = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr] as const),
  ),
]

let bank: Awaited<ReturnType<typeof startBank>>
let engine: EngineProcess
let stream: EventStream
let samples: ReadonlyArray<Sample>
const path = join(directory, "rules.sqlite")

/** Another program holds the file's lock for longer than the engine waits. */
async function refusedByTheStore(): Promise<void> {
  const other = new DatabaseSync(path, { timeout: 60_000 })
  other.exec("BEGIN IMMEDIATE")
  expect((await engine.callback(event("rules-3", "SIGNED"))).status).toBe(503)
  other.exec("ROLLBACK")
  other.close()
}

beforeAll(async () => {
  bank = await startBank((operation) => ({
    status: 200,
    body:
      operation === "getApplicationStatus"
        ? "<getApplicationStatusResponse><paidOut>maybe</paidOut><waitingForAddition>false</waitingForAddition></getApplicationStatusResponse>"
        : "<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>rules-1</applicationReference>" +
          "<decision>ACCEPT</decision></applicationQuoteResult></getApplicationQuoteResponse>",
  }))
  engine = await startEngine(path, {
    LOAN_ENGINE_BUSY_TIMEOUT_MS: "50",
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_LOAN_COUNTS_AGE_MAX_MS: "1",
    LOAN_ENGINE_POLL_INTERVAL_SCALE: "100000",
    LOAN_ENGINE_BANK_URL: bank.url,
    LOAN_ENGINE_BANK_USERNAME: "agent",
    LOAN_ENGINE_BANK_PASSWORD: "secret",
    LOAN_ENGINE_JWKS_URL: bank.url,
    LOAN_ENGINE_CALLBACK_HEALTH_EVERY_MS: "20",
    LOAN_ENGINE_WEBHOOK_WATCH_EVERY_MS: "20",
    LOAN_ENGINE_WEBHOOK_URLS: `crm=http://127.0.0.1:${await freePort()}/`,
    LOAN_ENGINE_WEBHOOK_SECRETS: "crm=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  })
  await engine.callback(decision("rules-1", "APPROVED"))
  await engine.callback(event("rules-2", "SIGNED", { jwsData: "no.signature.at-all" }))
  await engine.api("POST", "/v1/loans/rules-1/poll")
  await fetch(`${engine.url}/v1/key`, { headers: { authorization: "Bearer guess" } })
  stream = await openEvents(`${engine.url}/v1/changes`)
  await refusedByTheStore()
})
afterAll(async () => {
  stream.close()
  await engine.stop()
  bank.close()
  rmSync(directory, { recursive: true })
})

const told = async (): Promise<ReadonlySet<string>> => {
  samples = samplesOf(await (await fetch(`${engine.url}/metrics`)).text())
  return new Set(samples.map(({ name }) => name))
}
const asked = new Set(expressions.flatMap(([, expr]) => selectedIn(expr).map(({ metric }) => metric)))
const familyOf = (metric: string) =>
  metricFamilies.find(({ name }) => name === metric || name === metric.replace(/_(?:bucket|sum|count)$/u, ""))

/** The labels that Prometheus adds to each series, and the label of a histogram's bucket. */
const ofPrometheus = ["job", "instance", "le"]

describe("every metric that a rule or a panel uses", () => {
  it("is exported by a real engine", async () => {
    await expect
      .poll(async () => {
        const names = await told()
        return [...asked].filter((metric) => !names.has(metric))
      })
      .toEqual([])
  })

  it.each(expressions)("has the used labels: %s", (_, expr) => {
    const selected = selectedIn(expr)
    const known = new Set([...ofPrometheus, ...selected.flatMap(({ metric }) => labelsOf(metric))])
    expect(groupedIn(expr).filter((label) => !known.has(label))).toEqual([])
    for (const { metric, labels } of selected) {
      const own = new Set([...ofPrometheus, ...labelsOf(metric)])
      expect([metric, labels.map(({ name }) => name).filter((name) => !own.has(name))]).toEqual([metric, []])
    }
  })

  it.each(expressions)("can have the used values: %s", (_, expr) => {
    for (const { metric, labels } of selectedIn(expr)) {
      for (const { name, values } of labels.filter((label) => !["job", "status"].includes(label.name))) {
        for (const value of values)
          expect([metric, name, value, isValue(metric, name, value)]).toContain(true)
      }
    }
  })
})

const labelsOf = (metric: string): ReadonlyArray<string> => Object.keys(familyOf(metric)?.attributes ?? {})

const declaredValues = (metric: string, label: string): string =>
  Object.entries(familyOf(metric)?.attributes ?? {}).find(([name]) => name === label)?.[1] ?? ""

const security = readFileSync(inCheckout("docs/security.md"), "utf8")

/** Whether the engine reports this value now, or a declaration or the list of verdicts names it. */
const isValue = (metric: string, label: string, value: string): boolean =>
  samples.some(({ name, labels }) => name === metric && labels[label] === value) ||
  declaredValues(metric, label).includes(`\`${value}\``) ||
  (label === "verdict" && security.includes(`| \`${value}\``)) ||
  (label === "stage" && value === "disputed")

describe("the dashboard", () => {
  it("shows every metric there is", () => {
    const shown = new Set(
      panels.flatMap(({ targets = [] }) =>
        targets.flatMap(({ expr }) => selectedIn(expr).map(({ metric }) => familyOf(metric)?.name)),
      ),
    )
    expect(metricFamilies.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([])
  })

  it("has panels that do not overlap, each with a number and a title of its own", () => {
    const board: { readonly panels: ReadonlyArray<{ readonly id: number; readonly title: string }> } =
      JSON.parse(readFileSync(inCheckout("deploy/grafana/loan-engine.json"), "utf8"))
    const ids = board.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(board.panels.filter(({ title }) => title === "")).toEqual([])
  })
})

describe("the alerts", () => {
  const runbooks = readFileSync(inCheckout("docs/runbooks.md"), "utf8")
  const sections = [...runbooks.matchAll(/^## (\w+)$/gmu)].map(([, title = ""]) => title)

  it("each have a section in the runbooks, and the runbooks have no other section", () => {
    expect(rules.length).toBeGreaterThan(10)
    expect(sections).toEqual(rules.map(({ alert }) => alert))
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`docs/runbooks.md#${alert.toLowerCase()}`)
    }
  })

  it("each have a test of when they fire and when they do not", () => {
    interface Tried {
      readonly alertname: string
      readonly exp_alerts?: ReadonlyArray<object>
    }
    const file: { readonly tests: ReadonlyArray<{ readonly alert_rule_test: ReadonlyArray<Tried> }> } = parse(
      readFileSync(inCheckout("deploy/prometheus/alerts.test.yaml"), "utf8"),
    )
    const tried = file.tests.flatMap((test) => test.alert_rule_test)
    const names = (fires: boolean) =>
      new Set(
        tried
          .filter(({ exp_alerts }) => (exp_alerts !== undefined) === fires)
          .map(({ alertname }) => alertname),
      )
    for (const { alert } of rules)
      expect([alert, names(true).has(alert), names(false).has(alert)]).toEqual([alert, true, true])
  })
})
