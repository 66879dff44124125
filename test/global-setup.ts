import { ensureConsole } from "../packages/app/console/build.ts"

/** What test files share is made once, before the first of them runs: none takes it away while another uses it. */
export const setup = (): Promise<void> => ensureConsole()
