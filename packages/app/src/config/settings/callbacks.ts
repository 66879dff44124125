import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback/receiver"
import { callbackHealthLimits } from "../../callback-health/health.ts"
import { limitSettings, withTexts } from "../setting.ts"

export const callbacks = {
  ...limitSettings(
    withTexts(callbackReceiverLimitsDefault, {
      callbackBytesMax: "the largest size of a callback's body",
      callbackBodyMsMax: "the longest time that a callback's body may take to arrive",
      callbacksHeldPerMinuteMax:
        "how many callbacks without evidence the engine holds for one account in a minute. Callbacks about known loans count separately. Further callbacks get 503",
      callbacksUnsignedPerMinuteMax:
        "how many callbacks with right credentials the engine holds for one account in a minute because their signature is missing or cannot be checked. Callbacks about known loans count separately. Further callbacks get 503",
      callbackHeldBytesMax: "the largest size of the body of a callback without evidence",
      callbacksUnauthorizedPerMinuteMax:
        "how many callbacks with wrong credentials one account may receive in a minute. Further callbacks get 429",
    }),
  ),
  ...limitSettings(callbackHealthLimits),
}
