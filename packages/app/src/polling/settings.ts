import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"

export const pollerLimits = {
  pollMsMax: limit(30_000, "how long one poll may take, with all its questions to the bank"),
  pollRatePerSecond: limit(
    20,
    "how many requests the engine may send in a second, to the banks of all accounts together",
  ),
  pollsInFlightMax: limit(8, "how many polls the engine may send at the same time"),
  pollsOnDemandMax: limit(
    8,
    "how many polls on demand may run at the same time. Others wait, at most pollMsMax with their own poll",
  ),
  // Anyone can invent a reference, and an account without credentials holds callbacks about it.
  pollUnnamedPercent: limit(
    25,
    "the largest share of pollRatePerSecond, in percent, for loans that no trusted source has named",
  ),
  pollLeaseMs: limit(
    120_000,
    "the lease of a poll. If the process dies, the poll is due again after this time",
  ),
  pollIdleMaxMs: limit(5_000, "how long the poller may be idle before it looks for due polls again"),
  pollStopMsMax: limit(
    10_000,
    "how long a stopping engine waits for the bank's answers. Polls that it has not sent become due again at once",
  ),
}

export interface PollerSettings extends LimitsOf<typeof pollerLimits> {
  readonly cadence: CadenceSettings
}

export const pollerDefaults = defaultsOf(pollerLimits)
