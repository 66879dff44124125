import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inflate } from "@sparticuz/chromium"
import { chromium } from "playwright-core"
import type { Browser } from "playwright-core"
import { stateMsMax } from "../../patience.ts"

const isPacked = process.platform === "linux" && process.arch === "x64"

/**
 * A real Chromium for one file of tests, which closes it: the one that comes with the packages, so that a machine needs none;
 * where that one cannot run, an installed Chrome.
 */
export async function launchChromium(): Promise<Browser> {
  if (!isPacked) return chromium.launch({ channel: "chrome", timeout: stateMsMax })
  const directory = await unpacked()
  const executablePath = join(directory, "chromium")
  return chromium.launch({
    executablePath,
    timeout: stateMsMax,
    // The pages are our own; the sandbox needs rights that a container does not give.
    args: ["--no-sandbox"],
    env: { ...process.env, ...environmentFor(executablePath, directory) },
  })
}

const bin = fileURLToPath(new URL("../bin/", import.meta.resolve("@sparticuz/chromium")))
const cache = fileURLToPath(new URL("../../node_modules/.cache/chromium/", import.meta.url))

/** Where the browser lies unpacked. It is unpacked aside and then put in place, so that files that run at once do not meet. */
async function unpacked(): Promise<string> {
  const directory = join(cache, "unpacked")
  if (existsSync(directory)) return directory
  await mkdir(cache, { recursive: true })
  const own = await mkdtemp(join(cache, "unpacking-"))
  const before = process.env["TMPDIR"]
  // The package unpacks into the directory for temporary files.
  process.env["TMPDIR"] = own
  try {
    const archives = ["chromium.br", "al2023.tar.br", "fonts.tar.br"]
    await Promise.all(archives.map((name) => inflate(join(bin, name))))
  } finally {
    if (before === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = before
  }
  await rename(own, directory).catch(() => rm(own, { recursive: true }))
  return directory
}

let runsAsItIs: boolean | undefined

/** A bare machine lacks libraries and fonts; what it has of its own is better. */
function environmentFor(executablePath: string, directory: string): Readonly<Record<string, string>> {
  runsAsItIs ??= spawnSync(executablePath, ["--version"]).status === 0
  return {
    ...(!runsAsItIs ? { LD_LIBRARY_PATH: join(directory, "al2023", "lib") } : {}),
    ...(existsSync("/etc/fonts/fonts.conf") ? {} : { FONTCONFIG_PATH: join(directory, "fonts") }),
  }
}
