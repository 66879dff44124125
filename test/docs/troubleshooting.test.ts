import { readFileSync } from "node:fs"
import { refusals } from "@loan-engine/adapters-http/callback/answer"
import { exitCodes } from "@loan-engine/app/cli/exit-codes"
import { problems } from "@loan-engine/app/contract/problems"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { filesWithin } from "../structure/our-files.ts"

const page = readFileSync(inCheckout("docs/troubleshooting.md"), "utf8")

/** A section of the page, by the beginning of its heading. */
const section = (heading: string): string =>
  page.split(/^## /mu).find((text) => text.startsWith(heading)) ?? ""
const firstColumn = (heading: string, pattern: RegExp): ReadonlyArray<string> =>
  [...section(heading).matchAll(pattern)].map(([, name = ""]) => name)

const sources = ["domain", "adapters-xml", "adapters-http", "app"]
  .flatMap((name) => filesWithin([`packages/${name}/src`]))
  .map((file) => [file, readFileSync(inCheckout(file), "utf8")] as const)

/** Every call that logs a warning or an error with its first argument. */
const callPattern =
  /(?<!function )\b(?:logWarning|logError|logFatal|makeWarning|recurring|surviving|atOnceAndRecurring)\(\s*(?:(["`])((?:\\.|(?!\1).)*)\1|([^"`\s][^\n]*))/gsu

interface Line {
  readonly file: string
  readonly text: string | undefined
  readonly expression: string | undefined
}
const lines: ReadonlyArray<Line> = sources.flatMap(([file, source]) =>
  [...source.matchAll(callPattern)].map(([, , text, expression]) => ({ file, text, expression })),
)

/**
 * Calls that log the value of a variable. For each, the beginnings of the lines in the source that the variable can
 * have.
 */
const computed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "packages/adapters-http/src/callback/receiver.ts": ["a callback could not be recorded: ${"],
  "packages/adapters-http/src/signature/jwks-fetch.ts": [
    "${skipped.length} keys of the bank's key set are not used",
  ],
  "packages/app/src/callback-health/health.ts": [
    "account ${account}: ${awaited} callbacks are late",
    "account ${account}: ${missed} of ${byCallback + byPoll} news had no callback",
  ],
  "packages/app/src/record/stalled-alert.ts": ["the loan is stalled: "],
  "packages/app/src/webhooks/watch.ts": ["webhooks to ${endpoint} are disabled: ${"],
  "packages/app/src/callbacks/callback-registration.ts": [
    "The bank was asked at ${new Date(askedAt).toISOString()} to send the callbacks of account ${account} to ${callbackUrl}",
  ],
}
/**
 * All these calls. The first one logs what `makeWarning` and `recurring` received; those lines are found at their own
 * calls.
 */
const computing: ReadonlySet<string> = new Set([
  "packages/adapters-http/src/telemetry/rare-warning.ts",
  "packages/app/src/ports/recurring.ts",
  "packages/app/src/callbacks/callback-watch.ts",
  ...Object.keys(computed),
])

const written = lines.flatMap(({ file, text }) =>
  text === undefined || (text.startsWith("${") && computing.has(file)) ? [] : [text],
)

/**
 * A template in the form of the page. The page may leave out everything after the first colon or full stop of a line.
 */
const shown = (template: string): string =>
  template.replaceAll(/\$\{[^}]*\}?/gu, "…").replaceAll("… of … news", "… news")
const isShown = (template: string): boolean => {
  const text = shown(template)
  const table = section("The log has").replaceAll(/\s+/gu, " ")
  return [text, text.split(/(?<=…): |[.:] /u)[0] ?? text].some((each) => table.includes(`"${each}`))
}

describe("docs/troubleshooting.md", () => {
  it("has every problem of the API", () => {
    expect(firstColumn("The API answers", /^\| `([a-z-]+)`/gmu)).toEqual(Object.keys(problems))
  })

  it("has every refusal of a callback", () => {
    expect(firstColumn("A callback is refused", /^\| `([a-z-]+)`/gmu)).toEqual(Object.keys(refusals))
  })

  it("has every exit code but that of success", () => {
    const codes = Object.values(exitCodes).filter((code) => code !== exitCodes.done)
    expect(firstColumn("A command ends", /^\| (\d+)/gmu).map(Number)).toEqual(codes)
  })

  it("has every line of the log that is a warning or an error", () => {
    expect(lines.length).toBeGreaterThan(25)
    expect(written.filter((text) => !isShown(text))).toEqual([])
    const others = lines.filter(({ file, expression }) => expression !== undefined && !computing.has(file))
    expect(others, "a line that a variable holds: add its beginning to `computed`").toEqual([])
    for (const [file, beginnings] of Object.entries(computed)) {
      const [, source = ""] = sources.find(([name]) => name === file) ?? []
      expect(beginnings.filter((text) => !source.includes(text))).toEqual([])
      expect(beginnings.filter((text) => !isShown(text))).toEqual([])
    }
  })

  it("has no line that the code does not write", () => {
    const quoted = [...section("The log has").matchAll(/^\|((?: "[^"|]+",?)+) *\|/gmu)].flatMap(
      ([, cell = ""]) => [...cell.matchAll(/"([^"]+?)(?:: …)?"/gu)].map(([, text = ""]) => text),
    )
    expect(quoted.length).toBeGreaterThan(25)
    const known = [...written, ...Object.values(computed).flat()].map(shown)
    expect(quoted.filter((text) => !known.some((each) => each.startsWith(text)))).toEqual([])
  })

  it("is reported when it lacks one", () => {
    expect(isShown("a line that nobody wrote down")).toBe(false)
  })
})
