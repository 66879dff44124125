import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { childEnvironment, mainPath } from "../../checkout.ts"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `loan-engine …` as a child process until its end. */
export async function runCommand(databasePath: string, ...parameters: ReadonlyArray<string>): Promise<Ended> {
  const child = spawn(process.execPath, [mainPath, ...parameters], {
    env: { ...childEnvironment, LOAN_ENGINE_DATABASE_URL: databasePath },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const exited = once(child, "exit")
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await exited) as [number | null]
  return { code, stdout, stderr }
}
