import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { build, packages } from "../../../scripts/build.ts"
import { inCheckout } from "../../checkout.ts"

const run = promisify(execFile)

/** Builds the packages and packs them into a folder, as for publication. The result is the paths of the tarballs. */
export async function packInto(directory: string): Promise<ReadonlyArray<string>> {
  await build()
  const filters = packages.flatMap((name) => ["--filter", `./packages/${name}`])
  await run("npx", ["-y", "pnpm@12", ...filters, "pack", "--pack-destination", directory], {
    cwd: inCheckout(""),
  })
  return readdirSync(directory)
    .filter((name) => name.endsWith(".tgz"))
    .map((name) => join(directory, name))
}

/** The TypeScript blocks of a page. Each is a separate module. */
export const blocksOf = (page: string): ReadonlyArray<string> =>
  [...readFileSync(inCheckout(page), "utf8").matchAll(/^```ts\n(.*?)^```/gmsu)].map(([, code = ""]) => code)

/** Writes every block of these pages into a folder. The result is the file names, which contain the page's name. */
export function writeBlocks(folder: string, pages: ReadonlyArray<string>): ReadonlyArray<string> {
  mkdirSync(folder, { recursive: true })
  return pages.flatMap((page) =>
    blocksOf(page).map((code, index) => {
      const name = `${page.replace(/\.md$/u, "").replaceAll("/", "-")}-${index + 1}.ts`
      writeFileSync(join(folder, name), code)
      return name
    }),
  )
}
