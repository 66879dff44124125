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
      breakerFailuresMax: "after how many failures in a row the circuit of an account's bank opens",
      breakerOpenMs: "how long the circuit stays open",
    }),
  ),
  ...limitSettings(horizons, kinds.natural),
  pollIntervalScale: withDefault(
    kinds.factor,
    cadenceDefaults.pollIntervalScale,
    "multiplies every poll interval; below 1 for a bank whose time runs faster",
  ),
  ...limitSettings({ pollJitterPercent }, kinds.percent),
}
