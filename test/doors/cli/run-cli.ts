import { execFile } from "node:child_process"
import { childEnvironment, mainPath } from "../../checkout.ts"

export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command as a separate process. Its environment has only the path and the given variables. */
export const runCli = (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
): Promise<CliResult> =>
  new Promise((resolve) => {
    const env = { ...childEnvironment, ...environment }
    execFile(process.execPath, [mainPath, ...args], { env }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1
      resolve({ code, out, err })
    })
  })
