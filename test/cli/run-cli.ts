import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(import.meta.resolve("@loan-engine/app/main"))

export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** One command as a process of its own, with nothing of this one's environment but the path. */
export const runCli = (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
): Promise<CliResult> =>
  new Promise((resolve) => {
    const env = { PATH: process.env["PATH"], ...environment }
    execFile(process.execPath, [main, ...args], { env }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1
      resolve({ code, out, err })
    })
  })
