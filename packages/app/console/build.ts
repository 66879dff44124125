import { createHash } from "node:crypto"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { rename, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import config from "./vite.config.ts"

const workspace = fileURLToPath(new URL("../../../", import.meta.url))
const directory = fileURLToPath(new URL("../dist/console", import.meta.url))

/**
 * All files that decide the build: the console, the code that it shares with the engine, and the versions of its
 * dependencies.
 */
const sources = [
  "packages/app/console/**/*.{ts,tsx,css,html,svg,json}",
  "packages/app/src/{client,contract}/**/*.ts",
  "packages/app/src/client.ts",
  "packages/domain/src/**/*.ts",
  "pnpm-lock.yaml",
]

/** Keeps the digest of the sources from which the existing build was made. */
const digestFile = `${directory}.sources`

function digestOfSources(): string {
  const digest = createHash("sha256")
  for (const file of globSync(sources, { cwd: workspace }).toSorted()) {
    digest.update(`${file}\n`).update(readFileSync(`${workspace}${file}`))
  }
  return digest.digest("hex")
}

function builtFrom(): string | undefined {
  try {
    return readFileSync(digestFile, "utf8")
  } catch {
    return undefined
  }
}

/**
 * Builds the console, unless the existing build comes from the same sources. The build is made in a separate folder
 * and then moved. So two builds at the same time do not disturb each other.
 */
export async function ensureConsole(): Promise<void> {
  const digest = digestOfSources()
  if (builtFrom() === digest) return
  process.stderr.write("building the operators' console …\n")
  const { build } = await import("vite")
  const outDir = `${directory}-${process.pid}`
  await build({ ...config, logLevel: "warn", build: { ...config.build, outDir } })
  // Another process has finished the same build first. Its build is in use, so ours is removed.
  if (builtFrom() === digest) return rm(outDir, { recursive: true })
  await rm(directory, { recursive: true, force: true })
  await rename(outDir, directory).catch(() => rm(outDir, { recursive: true }))
  writeFileSync(digestFile, digest)
}

if (import.meta.main) await ensureConsole()
