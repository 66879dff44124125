import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank/guard"
import { pollerLimits } from "../../polling/settings.ts"
import { cadenceDefaults, cadenceLimits, horizons } from "../../schedule/poll-cadence.ts"
import { kinds } from "../kinds.ts"
import { limitSettings, withDefault, withTexts } from "../setting.ts"

const { pollJitterPercent, ...cadence } = cadenceLimits

export const polling = {
  ...limitSettings(pollerLimits),
  ...limitSettings(cadence),
  ...limitSettings(
    withTexts(breakerLimitsDefault, {
      breakerFailuresMax:
        "how many failures in a row open the circuit breaker of an account's bank. The engine then sends that bank nothing",
      breakerOpenMs: "how long the circuit breaker stays open",
    }),
  ),
  ...limitSettings(horizons, kinds.natural),
  pollIntervalScale: withDefault(
    kinds.factor,
    cadenceDefaults.pollIntervalScale,
    "a factor for every poll interval. Use a value below 1 for a sandbox bank whose time runs faster",
  ),
  ...limitSettings({ pollJitterPercent }, kinds.percent),
}
