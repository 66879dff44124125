import { accessLimits } from "../../access/access.ts"
import { forwardingDefault, forwardingHeaders } from "../../access/source-address.ts"
import { loanListLimits } from "../../api/loan-list.ts"
import { scopes } from "../../contract/api-contract.ts"
import { changeFeedLimits } from "../../feed/change-feed.ts"
import { kinds } from "../kinds.ts"
import { also, limitSettings, longKey, needing, optional, withDefault } from "../setting.ts"

const { choice, flag, key, texts } = kinds

export const api = {
  apiKey: also(longKey, optional(key, "a bearer key for every route under `/v1`, with all scopes")),
  apiKeys: also(
    "each of that form; no name twice, and none named `default` if `apiKey` is set",
    optional(
      texts,
      `more keys, each \`name:scopes:digest\`: ${scopes.map((scope) => `\`${scope}\``).join(", ")} with \`+\` between them, and the SHA-256 of a long random key in hex`,
    ),
  ),
  corsOrigins: also(
    "each is a scheme and a host, with nothing after them",
    withDefault(
      texts,
      [],
      "the origins whose pages may call the API, as in `https://shop.example,https://desk.example`",
    ),
  ),
  ...limitSettings(accessLimits),
  ...limitSettings(loanListLimits),
  ...limitSettings(changeFeedLimits),
  trustedProxies: optional(
    kinds.networks,
    "the addresses of your own proxies, such as `10.0.0.0/8`: only their requests name the sender's address in a header",
  ),
  forwardedHeader: needing(
    "trustedProxies",
    withDefault(
      choice(forwardingHeaders),
      forwardingDefault.forwardedHeader,
      "the header in which those proxies name the sender; each must write it, and the engine ignores the other one",
    ),
  ),
  console: withDefault(flag, true, "whether the operators' console is served at `/console`"),
}
