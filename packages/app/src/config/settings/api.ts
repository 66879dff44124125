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
    "Use each name once. If `apiKey` is set, the name `default` is taken",
    optional(
      texts,
      `more keys, each \`name:scopes:digest\`. The scopes are ${scopes.map((scope) => `\`${scope}\``).join(", ")}, with \`+\` between them. The digest is the SHA-256 of a long random key, in hex`,
    ),
  ),
  corsOrigins: also(
    "Each origin is a scheme and a host, without a path",
    withDefault(
      texts,
      [],
      "the origins whose web pages may call the API: `https://shop.example,https://desk.example`",
    ),
  ),
  ...limitSettings(accessLimits),
  ...limitSettings(loanListLimits),
  ...limitSettings(changeFeedLimits),
  trustedProxies: optional(
    kinds.networks,
    "the addresses of your own proxies, such as `10.0.0.0/8`. Only from these proxies, the engine accepts a header that names the sender's address",
  ),
  forwardedHeader: needing(
    "trustedProxies",
    withDefault(
      choice(forwardingHeaders),
      forwardingDefault.forwardedHeader,
      "the header in which the `trustedProxies` name the sender's address. Each proxy must write it. The engine ignores the other header",
    ),
  ),
  console: withDefault(flag, true, "whether the engine serves the operators' console at `/console`"),
}
