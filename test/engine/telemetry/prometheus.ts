/** One series of Prometheus' text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const label = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\[\\"n])*)"/u
const sample = new RegExp(
  `^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?<labels>${label.source.replace(/\?<\w+>/gu, "")}(?:,${label.source.replace(/\?<\w+>/gu, "")})*)\\})? (?<value>[-+0-9.eE]+|NaN|[+-]Inf)$`,
  "u",
)

/** Reads a page by the grammar of the format. Throws on a line that does not follow it. */
export function samplesOf(page: string): ReadonlyArray<Sample> {
  if (!page.endsWith("\n")) throw new Error("the last line does not end")
  return page
    .split("\n")
    .slice(0, -1)
    .filter((line) => !/^# (?:HELP [a-z_]+ .+|TYPE [a-z_]+ (?:counter|gauge|histogram))$/u.test(line))
    .map((line) => {
      const groups = sample.exec(line)?.groups
      if (groups === undefined) throw new Error(`not a sample: ${line}`)
      const labels = [...(groups["labels"] ?? "").matchAll(new RegExp(label, "gu"))].map(
        ({ groups: own }) => [own?.["name"] ?? "", own?.["value"] ?? ""],
      )
      return {
        name: groups["name"] ?? "",
        labels: Object.fromEntries(labels) as Record<string, string>,
        value: Number(groups["value"]),
      }
    })
}

export const valueOf = (
  samples: ReadonlyArray<Sample>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined =>
  samples.find(
    (each) =>
      each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
  )?.value
