import { Schema } from "effect"
import { webhookLimits } from "../../webhooks/settings.ts"
import { kinds } from "../kinds.ts"
import { also, limitSettings, optional, withDefault } from "../setting.ts"

export const webhooks = {
  webhookUrls: also(
    "Use https, or http to a loopback address, without a user. Each endpoint needs a secret",
    optional(
      kinds.pairsOf({
        expected:
          "a list such as crm=https://crm.example/hooks,erp=https://erp.example/hooks: your own names, each once, and their URLs; write a comma in a URL as %2C",
        example: { crm: "https://crm.example/hooks" },
        schema: Schema.Record(Schema.String, Schema.NonEmptyString),
      }),
      "the endpoints that receive every change, each with a name that you choose: `crm=https://crm.example/hooks,erp=…`",
    ),
  ),
  webhookSecrets: also(
    "Each secret is `whsec_` and 24 to 64 random bytes as base64. Each name is in `webhookUrls`",
    optional(
      kinds.secretPairs({
        expected:
          "a list such as crm=whsec_…,erp=whsec_…: the endpoints' names and their secrets; separate several secrets of one endpoint with spaces",
        example: { crm: "whsec_…" },
        schema: Schema.Record(Schema.String, Schema.NonEmptyString),
      }),
      "the secret that signs the messages to each endpoint: `crm=whsec_…,erp=whsec_…`. During a rotation, give several with a space between them; all of them sign. `loan-engine webhooks secret` makes a secret",
    ),
  ),
  webhookProxyUrl: optional(
    kinds.proxy,
    "the proxy for https requests to webhook endpoints. Requests to loopback addresses bypass the proxy",
    "the variable `HTTPS_PROXY` or `https_proxy`. If neither is set: `ALL_PROXY`, which must then be an http or https URL",
  ),
  webhookNoProxy: {
    ...withDefault(
      kinds.spacedTexts,
      [],
      "the hosts that bypass `webhookProxyUrl`, written as in `bankNoProxy`",
    ),
    defaultShown: "`NO_PROXY` or `no_proxy`",
  },
  webhookCaFile: optional(
    kinds.text,
    "a PEM file of certificate authorities that the engine trusts for webhook endpoints, in addition to Node's",
  ),
  ...limitSettings(webhookLimits),
}
