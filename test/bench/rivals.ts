import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const directory = fileURLToPath(new URL("rivals", import.meta.url))

/**
 * Whether the compared libraries are installed. The first call installs them in the folder `rivals`, separate from
 * the packages that users and checks install. Without a network, it prints what is missing.
 */
export function rivalsAreThere(): boolean {
  if (existsSync(`${directory}/node_modules/.package-lock.json`)) return true
  try {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    })
    return true
  } catch (error) {
    process.stderr.write(
      `the rows beside other packages are left out: test/bench/rivals could not be installed ` +
        `(\`npm ci\` there says why)\n${String(error).split("\n")[0]}\n`,
    )
    return false
  }
}
