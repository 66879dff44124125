import { isSecureUrl } from "@loan-engine/adapters-http/http/secure-url"
import { Effect, Redacted } from "effect"
import type { WebhookEndpoint, WebhookSettings } from "../webhooks/settings.ts"
import { requestsPerLease, webhookLimits } from "../webhooks/settings.ts"
import { keyOf } from "../webhooks/signature.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { authoritiesOf } from "./route-config.ts"
import { limitsIn } from "./limits-in.ts"
import type { SettingsRead } from "./read-settings.ts"

/** Checks and reads the webhook endpoints. Each URL needs its secrets, and each secret needs a URL. */
export const webhookConfig = Effect.fnUntraced(function* ({
  engine,
  nameOf,
}: SettingsRead): Effect.fn.Return<WebhookSettings, ConfigUnusable> {
  const [urlsName, secretsName] = [nameOf("webhookUrls"), nameOf("webhookSecrets")]
  const urls = new Map(Object.entries(engine.webhookUrls ?? {}))
  const secrets = new Map(Object.entries(engine.webhookSecrets ? Redacted.value(engine.webhookSecrets) : {}))
  const limits = limitsIn(engine, webhookLimits)
  const route = {
    authorities: yield* authoritiesOf(nameOf("webhookCaFile"), engine.webhookCaFile),
    proxyUrl: engine.webhookProxyUrl,
    noProxy: engine.webhookNoProxy,
    plainHttpHosts: [],
  }
  const faults: Array<string> = []
  const endpoints: Array<WebhookEndpoint> = []
  for (const [name, url] of urls) {
    const keys = (secrets.get(name) ?? "").split(/ +/u).map((secret) => keyOf(secret))
    if (!namePattern.test(name))
      faults.push(`${urlsName} names an endpoint ${JSON.stringify(name)}: ${nameRule}`)
    else if (!isSecureUrl(url)) faults.push(`${urlsName}, ${name}: ${urlRule}`)
    else if (!secrets.has(name)) faults.push(`${secretsName} has no secret for ${name}: ${secretRule}`)
    else if (!keys.every((key) => key !== undefined)) faults.push(`${secretsName}, ${name}: ${secretRule}`)
    else endpoints.push({ name, url: new URL(url), keys: Redacted.make(keys), route })
  }
  const strangers = [...secrets.keys()].filter((name) => !urls.has(name))
  if (strangers.length > 0) {
    faults.push(`${secretsName} has secrets for ${strangers.length} names without a URL in ${urlsName}.`)
  }
  if (limits.webhookLeaseMs < requestsPerLease * limits.webhookRequestMsMax) {
    faults.push(
      `${nameOf("webhookLeaseMs")} must be at least ${requestsPerLease} times ${nameOf("webhookRequestMsMax")}.`,
    )
  }
  if (faults.length > 0) return yield* new ConfigUnusable({ message: faults.join("\n") })
  return { endpoints, limits }
})

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u

const nameRule =
  "use 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit."
const urlRule =
  "its URL must be https, or http to a loopback address. It must contain no user or password: the secret's signature proves the sender."
const secretRule =
  "a secret is whsec_ and 24 to 64 random bytes as base64. Separate several secrets with spaces. " +
  "Make one with: loan-engine webhooks secret"
