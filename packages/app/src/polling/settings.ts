import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"

export const pollerLimits = {
  pollMsMax: limit(30_000, "how long one poll may take, all its questions together"),
  pollRatePerSecond: limit(
    20,
    "how many requests a second the engine may send to all accounts' banks together",
  ),
  pollsInFlightMax: limit(8, "how many polls may run at the same time"),
  pollLeaseMs: limit(120_000, "the lease of a poll: if the process dies, the poll is due again after this"),
  pollIdleMaxMs: limit(5_000, "how long the poller may be idle before it looks for due polls"),
  pollStopMsMax: limit(
    10_000,
    "how long a stopping engine waits for the bank's answers. It releases at once the polls that it has not sent",
  ),
}

export interface PollerSettings extends LimitsOf<typeof pollerLimits> {
  readonly cadence: CadenceSettings
}

export const pollerDefaults = defaultsOf(pollerLimits)
