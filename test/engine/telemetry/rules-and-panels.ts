import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { inCheckout } from "../../checkout.ts"

/** One alert of `deploy/prometheus/alerts.yaml`. */
export interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string; readonly runbook_url: string }
}

interface RuleFile {
  readonly groups: ReadonlyArray<{ readonly rules: ReadonlyArray<Rule> }>
}

export function alertRules(): ReadonlyArray<Rule> {
  const file: RuleFile = parse(readFileSync(inCheckout("deploy/prometheus/alerts.yaml"), "utf8"))
  return file.groups.flatMap(({ rules }) => rules)
}

export interface Panel {
  readonly title: string
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
}

export function dashboardPanels(): ReadonlyArray<Panel> {
  const board: { readonly panels: ReadonlyArray<Panel> } = JSON.parse(
    readFileSync(inCheckout("deploy/grafana/loan-engine.json"), "utf8"),
  )
  return board.panels
}

/** What a PromQL expression selects: our metrics, each with its selected labels and values. */
export interface Selected {
  readonly metric: string
  readonly labels: ReadonlyArray<{ readonly name: string; readonly values: ReadonlyArray<string> }>
}

export const selectedIn = (expr: string): ReadonlyArray<Selected> =>
  [...expr.matchAll(/(loan_engine_[a-z_]+)(?:\{([^}]*)\})?/gu)].map(([, metric = "", matchers = ""]) => ({
    metric,
    labels: [...matchers.matchAll(/([a-z_]+)\s*(?:=~|=)\s*"([^"]*)"/gu)].map(
      ([, name = "", values = ""]) => ({
        name,
        values: values.split("|"),
      }),
    ),
  }))

/** The labels by which an expression groups. */
export const groupedIn = (expr: string): ReadonlyArray<string> =>
  [...expr.matchAll(/\bby \(([^)]*)\)/gu)].flatMap(([, names = ""]) =>
    names.split(",").map((name) => name.trim()),
  )
