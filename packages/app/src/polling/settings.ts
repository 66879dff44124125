import type { CadenceSettings } from "../schedule/poll-cadence.ts"
import type { PollOrderSettings } from "./poll-order.ts"
import { pollOrderDefaults } from "./poll-order.ts"

export interface PollerSettings extends PollOrderSettings {
  readonly cadence: CadenceSettings
  /** How many requests a second are sent to all banks together. */
  readonly pollRatePerSecond: number
  /** The timeout of one poll, with all its questions together. */
  readonly pollMsMax: number
  /** How many polls may run at once, over all accounts. */
  readonly pollsInFlightMax: number
  /** A claimed poll that is not finished after this time is due again, because its process may have died. */
  readonly pollLeaseMs: number
  /** The longest rest of the poller before it looks for due polls again. */
  readonly pollIdleMaxMs: number
  /** How long the poller rests if other engines have claimed all due polls, or if none is due by the store's clock. */
  readonly pollOvertakenMs: number
  /** How long a stop waits for running requests to the bank. Polls without a request yet are given back at once. */
  readonly pollStopMsMax: number
}

export const pollerDefaults: Omit<PollerSettings, "cadence"> = {
  pollRatePerSecond: 20,
  pollMsMax: 30_000,
  pollsInFlightMax: 8,
  pollLeaseMs: 120_000,
  pollIdleMaxMs: 5_000,
  pollOvertakenMs: 100,
  pollStopMsMax: 10_000,
  ...pollOrderDefaults,
}
