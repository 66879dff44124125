import { ensureConsole } from "../packages/app/console/build.ts"
import { ensureProgram } from "./program.ts"

/**
 * Builds what the test files share, before the first file runs. So no file can remove it while another file uses it.
 */
export async function setup(): Promise<void> {
  await ensureConsole()
  await ensureProgram()
}
