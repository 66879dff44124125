import { accessLimits } from "../../access/access.ts"
import { loanListLimits } from "../../api/loan-list.ts"
import { scopes } from "../../contract/api-contract.ts"
import { changeFeedLimits } from "../../feed/change-feed.ts"
import { kinds } from "../kinds.ts"
import { also, limitSettings, longKey, optional, withDefault } from "../setting.ts"

const { flag, key, texts } = kinds

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
  console: withDefault(flag, true, "whether the operators' console is served at `/console`"),
}
