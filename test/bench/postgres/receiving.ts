import { openLoanEngine } from "@loan-engine/app"
import type { JWK } from "jose"
import { signedCallbacks } from "../signed-callbacks.ts"
import { serveFleet } from "./member.ts"

interface Setup {
  readonly url: string
  readonly member: number
  readonly jwksUrl: string
  readonly privateJwk: JWK
}

const credentials = Buffer.from("bank:secret").toString("base64")

/**
 * A replica that receives whole callback requests in process. It checks credentials and signature, and records the
 * callback.
 */
await serveFleet(async (setup) => {
  const { url, member, jwksUrl, privateJwk } = setup as Setup
  const engine = await openLoanEngine({
    databaseUrl: url,
    jwksUrl,
    logLevel: "error",
    accounts: { default: { callbackAuthMethod: "BASIC", callbackCredentials: [credentials] } },
  })
  const receive = engine.callback("default")
  const headers = { authorization: `Basic ${credentials}`, "content-type": "application/json" }
  let waiting: Array<string> = []
  return {
    prepare: async (count) => {
      waiting = await signedCallbacks(privateJwk, count, `member-${member}-${process.pid}`)
    },
    one: async () => {
      const body = waiting.pop() ?? ""
      const answer = await receive(
        new Request("http://engine/callbacks/default", { method: "POST", headers, body }),
      )
      if (answer.status !== 200)
        throw new Error(`a callback was answered ${answer.status}: ${await answer.text()}`)
    },
  }
})
