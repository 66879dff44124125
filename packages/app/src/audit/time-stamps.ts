import { Effect } from "effect"
import type { KeptAnchor } from "../journal/anchor.ts"
import { readStamp } from "../journal/time-stamp.ts"
import { finding } from "./finding.ts"
import type { Finding } from "./finding.ts"

/** An anchor with its time stamp: at `at`, the service `by` saw this checkpoint. */
export interface StampedAnchor {
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  readonly by: string
}

/** Checks the time stamps of anchors. `newest` is the last genuine one. */
export const judgeStamps = Effect.fnUntraced(function* (anchors: ReadonlyArray<KeptAnchor>) {
  const findings: Array<Finding> = []
  let newest: StampedAnchor | null = null
  for (const anchor of anchors) {
    if (anchor.timeStamp === undefined) continue
    const stamp = yield* readStamp(anchor, Buffer.from(anchor.timeStamp, "base64"))
    if (stamp !== undefined) newest = { number: anchor.number, at: stamp.at.toISOString(), by: stamp.by }
    else findings.push(finding("anchor-stamp", { checkpoint: anchor.number }, notGenuine))
  }
  return { findings, newest }
})

const notGenuine = "its anchor's time stamp is not about this anchor, or its signature is not genuine"
