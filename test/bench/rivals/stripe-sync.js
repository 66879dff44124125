import { createRequire } from "node:module"
import { Stripe } from "stripe"
import { connectionsMax } from "../postgres/bodies.ts"
import { serveFleet } from "../postgres/member.ts"

// Its module form looks for its migrations where only its other form can, and then says nothing.
const { runMigrations, StripeSync } = createRequire(import.meta.url)("@supabase/stripe-sync-engine")

const secret = "whsec_bench"

/**
 * A webhook receiver of the same kind: checks a signature (HMAC, where the bank's is RSA) and upserts the row that
 * the webhook is of. It keeps no journal and decides nothing. `bytes` is how long a signed webhook is to be.
 */
await serveFleet(async ({ url, member, bytes }) => {
  if (member === 0) await runMigrations({ databaseUrl: url, schema: "stripe" })
  const sync = new StripeSync({
    schema: "stripe",
    stripeSecretKey: "sk_test_bench",
    stripeWebhookSecret: secret,
    poolConfig: { connectionString: url, max: connectionsMax },
  })
  const stripe = new Stripe("sk_test_bench")
  let made = 0
  const webhook = () => {
    const id = `prod_${member}_${process.pid}_${made++}`
    const event = {
      id: `evt_${id}`,
      object: "event",
      api_version: "2020-08-27",
      created: Math.floor(Date.now() / 1_000),
      type: "product.created",
      data: { object: { id, object: "product", active: true, name: id, created: 1, description: "" } },
    }
    event.data.object.description = "x".repeat(Math.max(0, bytes - JSON.stringify(event).length))
    const payload = JSON.stringify(event)
    return { payload, signature: stripe.webhooks.generateTestHeaderString({ payload, secret }) }
  }
  let waiting = []
  return {
    prepare: async (count) => {
      waiting = Array.from({ length: count }, webhook)
    },
    one: async () => {
      const { payload, signature } = waiting.pop()
      await sync.processWebhook(payload, signature)
    },
  }
})
