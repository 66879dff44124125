/** Builds every package into its folder `dist` for publication: ESM with types and source maps. */
import { execFileSync } from "node:child_process"
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { ensureConsole } from "../packages/app/console/build.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
/** The packages, each after its dependencies. */
export const packages = ["domain", "adapters-xml", "adapters-http", "app"] as const

export async function build(): Promise<void> {
  for (const name of packages) {
    const directory = `${root}packages/${name}`
    for (const file of globSync(`${directory}/dist/!(console*)`)) rmSync(file, { recursive: true })
    execFileSync(
      process.execPath,
      [`${root}node_modules/typescript/bin/tsc`, "-p", `${directory}/tsconfig.build.json`],
      { stdio: "inherit" },
    )
    for (const file of globSync(`${directory}/dist/**/*.d.ts`)) {
      writeFileSync(file, withJsImports(readFileSync(file, "utf8")))
    }
  }
  await ensureConsole()
  const pages = "src/sandbox/bank-page"
  cpSync(`${root}packages/app/${pages}`, `${root}packages/app/${pages.replace("src", "dist")}`, {
    recursive: true,
  })
}

/** The compiler keeps the sources' `.ts` imports in declarations, but sources are not published. */
const withJsImports = (text: string): string =>
  text.replaceAll(/(?<=(?:from |import\()")(\.{1,2}\/[^"]+)\.ts(?=")/gu, "$1.js")

if (import.meta.main) await build()
