import type { LoanApiError } from "@loan-engine/app/client"
import { useState } from "react"
import { asApiError } from "./loaded.ts"

/** A request that a person starts: whether it runs, and why the last one failed. */
export function useAction() {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<LoanApiError>()
  const run = async (request: () => Promise<void>): Promise<void> => {
    setBusy(true)
    setFailure(undefined)
    try {
      await request()
    } catch (error) {
      setFailure(asApiError(error))
    } finally {
      setBusy(false)
    }
  }
  // Whether the request failed because the loan is no longer at the version that the person saw.
  const hasMoved = failure?.problem?.code === "loan-moved"
  return { run, isBusy, hasMoved, error: hasMoved ? undefined : failure, forget: () => setFailure(undefined) }
}
