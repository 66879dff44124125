import { ensureConsole } from "../packages/app/console/build.ts"
import { ensureProgram } from "./program.ts"

/** What test files share is made once, before the first of them runs: none takes it away while another uses it. */
export async function setup(): Promise<void> {
  await ensureConsole()
  await ensureProgram()
}
