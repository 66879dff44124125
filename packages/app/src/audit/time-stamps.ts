import { Effect } from "effect"
import type { KeptAnchor } from "../journal/anchor.ts"
import type { TimeStamp } from "../journal/time-stamp.ts"
import { readStamp } from "../journal/time-stamp.ts"
import { finding } from "./finding.ts"
import type { Finding } from "./finding.ts"

/** An anchor with its time stamp. Whether its certificate can be trusted is not checked. */
export interface StampedAnchor extends Omit<TimeStamp, "at"> {
  readonly number: number
  /** ISO 8601. */
  readonly at: string
}

/** How many time stamps are checked: the latest. Each also covers all earlier checkpoints. */
const stampsCheckedMax = 100

/** Checks the latest time stamps of anchors. `newest` is the last genuine one. */
export const judgeStamps = Effect.fnUntraced(function* (anchors: ReadonlyArray<KeptAnchor>) {
  const findings: Array<Finding> = []
  let newest: StampedAnchor | null = null
  for (const anchor of anchors.filter(({ timeStamp }) => timeStamp !== undefined).slice(-stampsCheckedMax)) {
    const stamp = yield* readStamp(anchor, Buffer.from(anchor.timeStamp ?? "", "base64"))
    if (stamp !== undefined) newest = { ...stamp, number: anchor.number, at: stamp.at.toISOString() }
    else findings.push(finding("anchor-stamp", { checkpoint: anchor.number }, notGenuine))
  }
  return { findings, newest }
})

const notGenuine = "its anchor's time stamp is not about this anchor, or its signature is not genuine"
