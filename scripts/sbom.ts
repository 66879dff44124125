/**
 * Writes the list of the software that an engine contains, as CycloneDX: the packages that it installs, and those
 * that the console's built files contain.
 *
 * @example npx -y pnpm@12 --silent run sbom > sbom.json
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { ensureConsole } from "../packages/app/console/build.ts"

interface Bill {
  readonly components: ReadonlyArray<{
    readonly name: string
    readonly group?: string
    readonly version: string
    scope?: string
    readonly "bom-ref": string
  }>
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn: ReadonlyArray<string> }>
  readonly metadata: { readonly component: { readonly "bom-ref": string } }
}

const root = fileURLToPath(new URL("..", import.meta.url))

/** The packages in the console's built files. Its build lists them with their licences: `## react - 19.3.1 (MIT)`. */
async function bundled(): Promise<ReadonlySet<string>> {
  await ensureConsole()
  const licences = readFileSync(`${root}packages/app/dist/console/LICENSES.md`, "utf8")
  return new Set(
    [...licences.matchAll(/^## (\S+) - (\S+)/gmu)].map(([, name, version]) => `${name}@${version}`),
  )
}

/** Lists packages from the lockfile: all of them, or with `--prod` those that are installed. */
function listed(...more: ReadonlyArray<string>): Bill {
  const text = execFileSync(
    "npx",
    [
      "-y",
      "pnpm@12",
      "--silent",
      "--filter",
      "@loan-engine/app...",
      "sbom",
      "--lockfile-only",
      "--sbom-format=cyclonedx",
      "--sbom-type=application",
      ...more,
    ],
    { cwd: root, encoding: "utf8", maxBuffer: 64_000_000 },
  )
  // This is the format of CycloneDX.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(text) as Bill
}

const all = listed()
const installed = listed("--prod")
const inConsole = await bundled()
const nameOf = ({ group, name, version }: Bill["components"][number]): string =>
  `${group === undefined ? name : `${group}/${name}`}@${version}`

const known = new Set(installed.components.map((component) => component["bom-ref"]))
const added = all.components.filter(
  (component) => inConsole.has(nameOf(component)) && !known.has(component["bom-ref"]),
)
// Among the development dependencies, these have the scope `excluded`.
for (const component of added) component.scope = "required"
const components = [...installed.components, ...added]
const refs = new Set([...components, installed.metadata.component].map((component) => component["bom-ref"]))
const dependencies = all.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }))
process.stdout.write(`${JSON.stringify({ ...installed, components, dependencies }, undefined, 2)}\n`)
