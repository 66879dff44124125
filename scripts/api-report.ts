/**
 * Writes the API of each package as a report in docs/api. So every change of an API is visible in the change itself.
 * Run `scripts/build.ts` before it, and then `node scripts/api-report.ts`.
 */
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { sep } from "node:path"
import { fileURLToPath } from "node:url"
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor"
import { build, packages } from "./build.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const appEntries = ["index", "client", "effect", "testing"]

interface Entry {
  readonly report: string
  readonly directory: string
  /** The file with the module's type declarations. */
  readonly file: string
}

/** The modules that others may import: the entries of the app, and every module of the other packages. */
function entries(): ReadonlyArray<Entry> {
  return packages.flatMap((name) => {
    const directory = `${root}packages/${name}`
    if (name === "app") {
      return appEntries.map((entry) => ({
        report: entry === "index" ? name : `${name}-${entry}`,
        directory,
        file: `${directory}/dist/${entry}.d.ts`,
      }))
    }
    return [{ report: name, directory, file: everyModule(directory) }]
  })
}

/**
 * Makes one module that exports all others, each under its path. So one report covers all: `callback/path` becomes
 * `callbackPath`.
 */
function everyModule(directory: string): string {
  const lines = globSync("**/*.d.ts", { cwd: `${directory}/dist` })
    .map((file) => file.replace(/\.d\.ts$/u, "").replaceAll(sep, "/"))
    .filter((module) => module !== "every-module")
    .toSorted()
    .map(
      (module) =>
        `export * as ${module.replaceAll(/[-/]./gu, (text) => text.slice(1).toUpperCase())} from "./${module}.js"`,
    )
  const file = `${directory}/dist/every-module.d.ts`
  writeFileSync(file, `${lines.join("\n")}\n`)
  return file
}

/** Writes the reports into a folder. The result is the names of the reports that have changed. */
export function writeReports(folder: string): ReadonlyArray<string> {
  mkdirSync(folder, { recursive: true })
  const temporary = `${folder}/temporary`
  const changed: Array<string> = []
  for (const { report, directory, file } of entries()) {
    const config = ExtractorConfig.prepare({
      packageJsonFullPath: `${directory}/package.json`,
      configObjectFullPath: undefined,
      configObject: {
        projectFolder: directory,
        mainEntryPointFilePath: file,
        newlineKind: "lf",
        compiler: { overrideTsconfig: compilerOptions },
        apiReport: {
          enabled: true,
          reportFileName: `${report}.api.md`,
          reportFolder: folder,
          reportTempFolder: temporary,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          // Every export is public. A type without an exported name is still shown.
          extractorMessageReporting: {
            "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
            "ae-forgotten-export": { logLevel: ExtractorLogLevel.None },
          },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
    })
    const result = Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = true
      },
    })
    if (!result.succeeded) throw new Error(`${report}: the declarations cannot be read`)
    if (result.apiReportChanged) changed.push(report)
  }
  rmSync(temporary, { recursive: true, force: true })
  for (const name of packages) rmSync(`${root}packages/${name}/dist/every-module.d.ts`, { force: true })
  return changed
}

const declarationsOf = (name: string): ReadonlyArray<string> => [`${root}packages/${name}/dist/*.d.ts`]

const compilerOptions = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "dom"],
    module: "nodenext",
    moduleResolution: "nodenext",
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    paths: Object.fromEntries(packages.map((name) => [`@loan-engine/${name}/*`, declarationsOf(name)])),
  },
  include: ["dist"],
}

if (import.meta.main) {
  await build()
  const changed = writeReports(`${root}docs/api`)
  process.stdout.write(changed.length === 0 ? "no API has changed\n" : `changed: ${changed.join(", ")}\n`)
}
