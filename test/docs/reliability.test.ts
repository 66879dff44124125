import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { filesWithin } from "../structure/our-files.ts"

const page = readFileSync(inCheckout("docs/reliability.md"), "utf8")
const metrics = readFileSync(inCheckout("docs/metrics.md"), "utf8")

/** The tests that the page names, each with its file and its title. */
const named = [...page.matchAll(/`(?<file>(?:test|packages)\/[\w./-]+\.ts)`: "(?<title>[^"]+)"/gu)].map(
  ({ groups }) => [groups?.["file"] ?? "", groups?.["title"] ?? ""] as const,
)

/** The cells of each row. */
const rows = page
  .split("\n")
  .filter((line) => /^\| (?!fault|-)/u.test(line))
  .map((line) => line.split("|").slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()))
const [faultAt, logAt, metricAt, columns] = [0, 3, 4, 7]

/** The faults that the page must have, and how each is named there. */
const faults: Readonly<Record<string, RegExp>> = {
  "disk full": /^the disk is full/u,
  "read-only": /^the file system is read-only/u,
  "read-only while the engine runs": /disk turns read-only/u,
  "no inodes": /no inodes/u,
  "file removed": /is deleted, renamed or replaced/u,
  "page damaged": /^a page of the file is damaged/u,
  "WAL lost": /`-wal`/u,
  "descriptors out": /no file descriptors/u,
  "memory short": /little memory/u,
  "clock forward, back and stepping": /^the clock steps forward and back/u,
  "process frozen past its lease": /^the engine is frozen/u,
  "DNS gone": /^the bank cannot be reached: no DNS/u,
  "certificate expired": /expired or unknown certificate/u,
  "DNS or certificate of the key set": /^the bank's key set cannot be fetched/u,
  "DNS or certificate of PostgreSQL": /^PostgreSQL's name has no address, or its certificate/u,
  "DNS or certificate of a webhook": /^a webhook endpoint cannot be reached/u,
  "bank dripping": /^the bank's answer is too slow, or never ends/u,
  "PostgreSQL restarted": /^PostgreSQL restarts/u,
  "PostgreSQL frozen": /^PostgreSQL is frozen/u,
  "PostgreSQL read-only": /^the server is read-only/u,
  "out of connections": /^the server has no connection left/u,
  "failover with a lagging standby": /^a failover to a standby that lags/u,
  "a pooler between": /^a pooler between/u,
  "serialization failures": /^transactions cannot be serialized/u,
}

const sources = ["domain", "adapters-xml", "adapters-http", "app"]
  .flatMap((name) => filesWithin([`packages/${name}/src`]))
  .map((file) => readFileSync(inCheckout(file), "utf8"))

describe("docs/reliability.md", () => {
  it("names at least one test in every row, and fills every column", () => {
    expect(rows.length).toBeGreaterThan(25)
    expect(rows.filter((cells) => !/`: "[^"]+"/u.test(cells.at(-1) ?? ""))).toEqual([])
    expect(rows.filter((cells) => cells.length !== columns || cells.includes(""))).toEqual([])
    expect(named.length).toBeGreaterThanOrEqual(rows.length)
  })

  it.each(Object.entries(faults))("has the fault: %s", (_, pattern) => {
    expect(rows.filter((cells) => pattern.test(cells[faultAt] ?? ""))).toHaveLength(1)
  })

  it("names only lines that the log can have", () => {
    const lines = rows.flatMap((cells) => [...(cells[logAt] ?? "").matchAll(/"([^"]+)"/gu)])
    expect(lines.length).toBeGreaterThan(15)
    expect(
      lines.flatMap(([, text = ""]) => (sources.some((source) => source.includes(text)) ? [] : [text])),
    ).toEqual([])
  })

  it("names only metrics that exist", () => {
    const names = rows.flatMap((cells) => [...(cells[metricAt] ?? "").matchAll(/`(loan_engine_\w+)`/gu)])
    expect(names.length).toBeGreaterThan(15)
    expect(names.flatMap(([, name = ""]) => (metrics.includes(`\`${name}\``) ? [] : [name]))).toEqual([])
  })

  it.each(named)("names a test that %s has: %s", (file, title) => {
    const source = readFileSync(inCheckout(file), "utf8")
    const quoted = [`"${title}"`, `\`${title}\``, `'${title}'`]
    expect(quoted.some((text) => source.includes(text))).toBe(true)
  })
})
