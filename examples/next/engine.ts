import { openLoanEngine } from "@loan-engine/app"
import type { LoanEngineHandle } from "@loan-engine/app"

declare global {
  var loanEngine: Promise<LoanEngineHandle> | undefined
}

/** One engine for the whole process: route modules may be loaded more than once, the store's file has one owner. */
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
