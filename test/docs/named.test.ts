import { readFileSync } from "node:fs"
import { basename, dirname, join, normalize } from "node:path"
import { callbackAccount } from "@loan-engine/adapters-http/callback/path"
import { loanEngine } from "@loan-engine/app/cli/program"
import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import { prefix, variableOf } from "@loan-engine/app/config/variable-names"
import { metricFamilies } from "./pages/metric-families.ts"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { ourFiles } from "../structure/our-files.ts"

const files = ourFiles()
const read = (file: string): string => readFileSync(inCheckout(file), "utf8")
const pages = files.filter((file) => file.endsWith(".md")).map((file) => [file, read(file)] as const)

/** The texts of a page that are between backticks or in a code block. */
const codeOf = (page: string): ReadonlyArray<string> => [
  ...[...page.matchAll(/```[a-z]*\n(.*?)```/gsu)].map(([, block = ""]) => block),
  ...[...page.replaceAll(/```.*?```/gsu, "").matchAll(/`([^`\n]+)`/gu)].map(([, code = ""]) => code),
]

/** The names of one kind that a page has and the code does not have. */
const unknownIn = (
  page: string,
  pattern: RegExp,
  isKnown: (name: string) => boolean,
): ReadonlyArray<string> =>
  codeOf(page)
    .flatMap((code) => code.match(pattern) ?? [])
    .filter((name) => !isKnown(name))

const settings = Object.keys({ ...engineSettings, ...accountSettings }).map((name) => variableOf(name))
const variables = new Set([...settings, `${prefix}CONFIG_FILE`, `${prefix}ACCOUNTS`])
/** The variables that the project's tests and scripts read. */
const testVariables = new Set(
  files
    .filter((file) => /^(?:test|scripts)\/.*\.ts$/u.test(file) && file !== "test/docs/named.test.ts")
    .flatMap((file) => read(file).match(/LOAN_ENGINE_[A-Z_]+/gu) ?? []),
)
const isVariable = (name: string): boolean =>
  variables.has(name) ||
  testVariables.has(name) ||
  // A variable of one account: the account's name follows the prefix.
  variables.has(name.replace(/^LOAN_ENGINE_[A-Z]+_/u, prefix))

const metricNames = new Set(
  metricFamilies.flatMap(({ name, kind }) =>
    kind === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
)

interface Commands {
  readonly name: string
  readonly subcommands: ReadonlyArray<{ readonly commands: ReadonlyArray<Commands> }>
}
const below = ({ subcommands }: Commands): ReadonlyArray<Commands> =>
  subcommands.flatMap(({ commands }) => commands)

/**
 * Whether the text after `loan-engine` begins with a command. If the command has subcommands, one of them must
 * follow.
 */
function isCommand(line: string): boolean {
  const [, first = "", second = ""] = line.split(/\s+/u)
  const command = below(loanEngine).find(({ name }) => name === first)
  if (command === undefined) return false
  const own = below(command)
  return own.length === 0 || second === "" || own.some(({ name }) => name === second)
}

const { paths } = JSON.parse(read("docs/openapi.json")) as { readonly paths: Record<string, unknown> }
const routes = new Set(Object.keys(paths).map((path) => path.replaceAll(/\{[^}]+\}/gu, "{}")))
const isRoute = (route: string): boolean => {
  if (callbackAccount(route) !== undefined || route === "/openapi.json") return true
  const [path = ""] = route.replaceAll(/\{[^}]+\}|\$\{[^}]+\}/gu, "{}").split(/[?#]/u)
  return routes.has(path) || [...routes].some((known) => known.startsWith(`${path.replace(/\/$/u, "")}/`))
}

const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Record<string, string> }
const ofPnpm = new Set(["exec", "install"])

const baseNames = new Set(files.map((file) => basename(file)))
const withoutEnding = new Set(files.map((file) => file.replace(/(?:\.test)?\.tsx?$/u, "")))
const folders = new Set(files.flatMap((file) => ancestors(dirname(file))))
function ancestors(folder: string): ReadonlyArray<string> {
  return folder === "." ? [] : [folder, ...ancestors(dirname(folder))]
}
/** `app/cli` is short for `packages/app/src/cli`. */
const long = (path: string): string =>
  path.replace(/^(app|domain|adapters-http|adapters-xml)\/(?!src\/|test\/)/u, "packages/$1/src/")
/** Files that a command makes, or that only a user has. */
const notOurs = new Set([
  "compliance-report/report.json",
  "bench-report/report.json",
  "sbom.json",
  "CHANGELOG.md",
  "express.json",
  "loan-engine.json",
])
function isFile(page: string, named: string): boolean {
  if (notOurs.has(named) || isRoute(named)) return true
  const path = named.replace(/\/$/u, "")
  if (!path.includes("/")) return baseNames.has(path)
  return [long(path), normalize(join(dirname(page), path))].some(
    (each) =>
      folders.has(each) || withoutEnding.has(each) || files.some((file) => `/${file}`.endsWith(`/${each}`)),
  )
}
const filePattern =
  /(?<![\w@/.:-])(?:(?:test|packages|app|domain|adapters-http|adapters-xml|docs|examples|scripts)\/[\w./-]*\w|[\w/-][\w./-]*\.(?:tsx?|cjs|json|md))(?![\w(])/gu

describe.each(pages)("%s names", (page, text) => {
  it("only existing settings, metrics, commands, routes, scripts and files", () => {
    expect({
      settings: unknownIn(text, /LOAN_ENGINE_[A-Z_]+[A-Z]/gu, isVariable),
      metrics: unknownIn(text, /loan_engine_[a-z_]+[a-z]/gu, (name) => metricNames.has(name)),
      commands: unknownIn(text, /(?<=^|\$ |pnpm@12 )loan-engine [a-z]+(?: [a-z-]+)?/gmu, isCommand),
      routes: unknownIn(text, /(?<![\w.])\/(?:v1|health|callbacks)\/[\w/{}$-]*[\w}]/gu, isRoute),
      scripts: unknownIn(text, /(?<=pnpm@12 )[a-z][a-z-]*/gu, (name) => name in scripts || ofPnpm.has(name)),
      files: unknownIn(text, filePattern, (name) => isFile(page, name)),
    }).toEqual({ settings: [], metrics: [], commands: [], routes: [], scripts: [], files: [] })
  })
})

it("finds a missing name of each kind", () => {
  expect([
    isVariable("LOAN_ENGINE_PORTS"),
    isCommand("loan-engine journal veriffy"),
    isCommand("loan-engine stats"),
  ]).toEqual([false, false, false])
  expect([
    isRoute("/v1/loan"),
    isFile("README.md", "app/engine.ts"),
    isFile("README.md", "nowhere.ts"),
  ]).toEqual([false, false, false])
  expect(
    unknownIn("`loan_engine_polls`", /loan_engine_[a-z_]+[a-z]/gu, (name) => metricNames.has(name)),
  ).toEqual(["loan_engine_polls"])
})
