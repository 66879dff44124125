import { metricFamilies } from "./metric-families.ts"

/** The content of `docs/metrics.md`, from the declarations of the metrics. */
export function metricsPage(): string {
  const rows = metricFamilies.map(({ name, kind, unit, description, attributes }) => [
    `\`${name}\``,
    kind,
    unit,
    description,
    Object.keys(attributes)
      .map((attribute) => `\`${attribute}\``)
      .join(", "),
  ])
  const values = new Map<string, Array<string>>()
  for (const { name, attributes } of metricFamilies) {
    for (const [attribute, from] of Object.entries(attributes)) {
      const key = `\`${attribute}\`\u0000${from}`
      values.set(key, [...(values.get(key) ?? []), `\`${name}\``])
    }
  }
  const buckets = metricFamilies.flatMap(({ name, boundaries }) =>
    boundaries === undefined ? [] : [[`\`${name}\``, boundaries.join(", ")]],
  )
  return [
    introduction,
    table(["metric", "kind", "unit", "what it measures", "attributes"], rows),
    "## Attributes\n\nEach attribute has a fixed set of values, so the number of series has a limit. No attribute contains an application reference.\n",
    table(
      ["attribute", "values", "metrics"],
      [...values].map(([key, names]) => key.split("\u0000").concat(names.join(", "))),
    ),
    "## Buckets\n\nThis table has the upper bounds of each histogram's buckets, in the histogram's unit. The last bucket, `+Inf`, takes all larger values.\n",
    table(["histogram", "buckets"], buckets),
  ].join("\n")
}

const introduction = `# Metrics

<!-- written from packages/app/src/telemetry/metrics.ts; npx -y pnpm@12 test test/docs -u writes it again -->

\`GET /metrics\` serves these metrics in Prometheus' text format. \`LOAN_ENGINE_METRICS_ENABLED=false\` switches the route off, and
\`LOAN_ENGINE_METRICS_KEY\` sets a key for the route. A series appears when it has its first value. Counters start at 0 when the process
starts. [glossary.md](glossary.md) explains the terms.
`

/** A table in the formatter's layout: every column is as wide as its widest cell. */
function table(head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? "").length)),
  )
  const line = (cells: ReadonlyArray<string>): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |\n`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("")
}
