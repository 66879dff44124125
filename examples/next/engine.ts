import { openLoanEngine } from "@loan-engine/app"
import type { LoanEngineHandle } from "@loan-engine/app"

declare global {
  var loanEngine: Promise<LoanEngineHandle> | undefined
}

/**
 * One engine for the whole process. Next.js may load a route module more than once, but only one engine may open the
 * store's file.
 */
export const engine = (): Promise<LoanEngineHandle> => (globalThis.loanEngine ??= opened())

async function opened(): Promise<LoanEngineHandle> {
  try {
    const handle = await openLoanEngine({}, { environment: process.env })
    process.once("SIGTERM", () => void handle.close())
    return handle
  } catch (error) {
    // The next request tries again.
    globalThis.loanEngine = undefined
    throw error
  }
}
