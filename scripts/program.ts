/**
 * Builds the engine and writes it into a folder, with the dependencies from the lockfile. The result needs only Node:
 * it installs and builds nothing when it starts. The container and the systemd service run it.
 *
 * @example node scripts/program.ts /opt/loan-engine && node /opt/loan-engine/dist/main.js --version
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "./build.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Files that only a compiler, an editor or a debugger reads, by their path in the folder. */
const unread: ReadonlyArray<RegExp> = [
  /\.(?:d\.[cm]?ts|map|tsbuildinfo)$/u,
  /(?:^|\/)@types(?:\+[^/]+)?$/u,
  /^node_modules\/\.pnpm\/@?effect[^/]*\/node_modules\/(?:@effect\/)?[a-z-]+\/src$/u,
]

export async function writeProgram(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0)
    throw new Error(`${folder} is not empty: give an empty or a new folder.`)
  await build()
  execFileSync(
    "npx",
    ["-y", "pnpm@12", "--filter", "@loan-engine/app", "--prod", "deploy", "--legacy", folder],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
    },
  )
  const modules = join(folder, "node_modules")
  const ours = readdirSync(join(modules, "@loan-engine")).map((name) => join(modules, "@loan-engine", name))
  for (const path of [folder, ...ours]) asPublished(realpathSync(path))
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (unread.some((pattern) => pattern.test(path))) remove(join(folder, path))
  }
}

interface Manifest {
  readonly publishConfig?: Readonly<Record<string, unknown>>
}

/**
 * In the workspace, the packages' entries point to their sources. In published packages and in this folder, they
 * point to the built files.
 */
function asPublished(folder: string): void {
  const path = join(folder, "package.json")
  const written: Manifest = JSON.parse(readFileSync(path, "utf8"))
  const { publishConfig = {}, ...manifest } = written
  remove(path)
  writeFileSync(path, `${JSON.stringify({ ...manifest, ...publishConfig }, undefined, 2)}\n`)
  remove(join(folder, "src"))
}

/** The files may be links into a package store. So they are replaced and never changed. */
const remove = (path: string): void => rmSync(path, { recursive: true, force: true })

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error("Give the folder: node scripts/program.ts /opt/loan-engine")
  await writeProgram(resolve(folder))
}
