import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inflate } from "@sparticuz/chromium"
import { chromium } from "playwright-core"
import type { Browser } from "playwright-core"
import { stateMsMax } from "../../patience.ts"

const isPacked = process.platform === "linux" && process.arch === "x64"

/**
 * Starts a real Chromium for one test file, which closes it. The browser comes with the packages. On systems without
 * a packaged browser, an installed Chrome is used.
 */
export async function launchChromium(): Promise<Browser> {
  if (!isPacked) return chromium.launch({ channel: "chrome", timeout: stateMsMax })
  const directory = await unpacked()
  const executablePath = join(directory, "chromium")
  return chromium.launch({
    executablePath,
    timeout: stateMsMax,
    // The pages are the project's own. Chromium's sandbox needs rights that a container does not have.
    // A container often has little shared memory.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    env: { ...process.env, ...environmentFor(executablePath, directory) },
  })
}

const bin = fileURLToPath(new URL("../bin/", import.meta.resolve("@sparticuz/chromium")))
const cache = fileURLToPath(new URL("../../node_modules/.cache/chromium/", import.meta.url))

/**
 * Unpacks the browser, and gives its folder. It is unpacked in a separate folder and then moved, so that parallel
 * test files do not disturb each other.
 */
async function unpacked(): Promise<string> {
  const directory = join(cache, "unpacked")
  if (existsSync(directory)) return directory
  await mkdir(cache, { recursive: true })
  const own = await mkdtemp(join(cache, "unpacking-"))
  const before = process.env["TMPDIR"]
  // The package unpacks into the folder for temporary files.
  process.env["TMPDIR"] = own
  try {
    const archives = ["chromium.br", "al2023.tar.br", "fonts.tar.br"]
    await Promise.all(archives.map((name) => inflate(join(bin, name))))
  } finally {
    if (before === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = before
  }
  await writeFile(join(own, "fonts", "fonts.conf"), fontsIn(join(directory, "fonts")))
  await rename(own, directory).catch(() => rm(own, { recursive: true }))
  return directory
}

/** The machine's fonts, and those of the package: without any font, the browser ends when it shows a page. */
const fontsIn = (directory: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${directory.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</dir>
</fontconfig>
`

let runsAsItIs: boolean | undefined

/**
 * Adds the libraries and fonts from the package, which a bare machine lacks. A machine that can run the browser uses
 * its own libraries.
 */
function environmentFor(executablePath: string, directory: string): Readonly<Record<string, string>> {
  runsAsItIs ??= spawnSync(executablePath, ["--version"]).status === 0
  return {
    ...(!runsAsItIs ? { LD_LIBRARY_PATH: join(directory, "al2023", "lib") } : {}),
    FONTCONFIG_FILE: join(directory, "fonts", "fonts.conf"),
  }
}
