import { readFileSync } from "node:fs"
import { refusals } from "@loan-engine/adapters-http/callback/answer"
import { jwsInvalidReasons } from "@loan-engine/adapters-http/signature/jws-verifier"
import { Disposition, HoldReason } from "@loan-engine/domain/observation"
import { describe, expect, it } from "vitest"
import { forgeryClasses } from "../doors/attack/forgery-classes.ts"

const root = new URL("../../", import.meta.url)
const page = readFileSync(new URL("docs/security.md", root), "utf8")

/** The rows of the table under a heading, without the head of the table. */
function rowsUnder(heading: string): ReadonlyArray<string> {
  const [, section = ""] = page.split(`## ${heading}\n`)
  const [own = ""] = section.split("\n## ")
  return own
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
}

const verdictsUnder = (heading: string): ReadonlyArray<string> =>
  rowsUnder(heading).map((row) => /^\| `(?<name>[a-z-]+)`/u.exec(row)?.groups?.["name"] ?? row)

const inOrder = (names: Iterable<string>): ReadonlyArray<string> =>
  [...names].sort((a, b) => a.localeCompare(b))

const isTitleOf = (title: string, source: string): boolean =>
  [`"${title}"`, `\`${title}\``, `'${title}'`].some((quoted) => source.includes(quoted))

describe("docs/security.md", () => {
  const points = ["At each point", "Threat model"]
    .flatMap(rowsUnder)
    .map((row) => [row.split("|").slice(1, 3).join("|").trim(), row] as const)
  it.each(points)("names tests that exist for %s", (_point, row) => {
    const references = [...row.matchAll(/`(?<file>[\w./-]+\.test\.ts)`: "(?<title>[^"]+)"/gu)]
    expect(references.length).toBeGreaterThan(0)
    expect(references.length).toBe(row.split(".test.ts`").length - 1)
    for (const { groups } of references) {
      const source = readFileSync(new URL(groups?.["file"] ?? "", root), "utf8")
      expect([groups?.["title"], isTitleOf(groups?.["title"] ?? "", source)]).toEqual([
        groups?.["title"],
        true,
      ])
    }
  })

  it("weighs every asset and every attacker", () => {
    const cells = rowsUnder("Threat model").map((row) => row.split("|").map((cell) => cell.trim()))
    const assets = [
      "the loan's state",
      "the journal as evidence",
      "personal data",
      "bank credentials",
      "API keys",
      "webhook secrets",
      "availability",
    ]
    expect([...new Set(cells.map(([, asset]) => asset))]).toEqual(assets)
    for (const asset of assets) {
      expect(cells.filter(([, own, attacker]) => own === asset && attacker === "the network")).toHaveLength(1)
    }
    const attackers = cells.map(([, , attacker]) => attacker).join(" ")
    for (const who of [
      "stranger",
      "callback credentials",
      "API key",
      "database's password",
      "on the host",
      "the network",
    ])
      expect(attackers).toContain(who)
  })

  it("has each class of forged signatures, and no other", () => {
    const [, section = ""] = page.split("## The attacks that the tests make\n")
    const listed = (section.split("\n## ")[0] ?? "").replaceAll(/\n {2}/gu, " ").matchAll(/^- (.+)$/gmu)
    expect([...listed].map(([, name]) => name)).toEqual(forgeryClasses.map(({ name }) => name))
  })

  it("notices a title that no test has", () => {
    expect(isTitleOf("asks for its key", 'it("asks for its key", () => {})')).toBe(true)
    expect(isTitleOf("asks for its", 'it("asks for its key", () => {})')).toBe(false)
  })

  it("has a row for every verdict on a callback, and for no other", () => {
    const believed = Disposition.literals.filter((disposition) => disposition !== "held")
    const verdicts = [...believed, ...HoldReason.literals, ...Object.keys(refusals)]
    expect(inOrder(verdictsUnder("Verdicts on a callback"))).toEqual(inOrder(verdicts))
  })

  it("gives the answer for every refusal", () => {
    const answers = rowsUnder("Verdicts on a callback").map((row) =>
      row.split("|").map((cell) => cell.trim()),
    )
    const told = Object.fromEntries(
      answers.map(([, name = "", answer]) => [name.replaceAll("`", ""), Number(answer)]),
    )
    for (const [code, { status }] of Object.entries(refusals))
      expect([code, told[code]]).toEqual([code, status])
  })

  it("has a row for every verdict on a signature, and for no other", () => {
    const verdicts = ["bound", "unbound", "unverifiable", "contradicted", ...jwsInvalidReasons]
    expect(inOrder(verdictsUnder("Verdicts on a signature"))).toEqual(inOrder(verdicts))
  })
})
