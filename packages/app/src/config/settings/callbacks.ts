import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback/receiver"
import { callbackHealthLimits } from "../../callback-health/health.ts"
import { limitSettings, withTexts } from "../setting.ts"

export const callbacks = {
  ...limitSettings(
    withTexts(callbackReceiverLimitsDefault, {
      callbackBytesMax: "how large a callback's body may be",
      callbackBodyMsMax: "how long a callback's body may take to arrive",
      callbacksHeldPerMinuteMax:
        "how many callbacks without evidence one account may hold in a minute; those about known loans count separately. Further ones get 503",
      callbackHeldBytesMax: "how large the body of a callback without evidence may be",
      callbacksUnauthorizedPerMinuteMax:
        "how many callbacks with wrong credentials one account may receive in a minute; further ones get 429",
    }),
  ),
  ...limitSettings(callbackHealthLimits),
}
