import { readFileSync } from "node:fs"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Redacted, Result } from "effect"
import { request } from "undici"
import type { BankLoan } from "./bank-loan.ts"
import type { Demo } from "./demo.ts"
import { pageAccount } from "./demo.ts"

const pageFile = (name: string): string =>
  readFileSync(new URL(`./bank-page/${name}`, import.meta.url), "utf8")

const callbackExamples = [
  "signed",
  "credit-decision-approved",
  "credit-decision-rejected",
  "waiting-for-addition",
  "paid-out",
]

/** The applications that the bank's page uses as examples, each in its state after these examples. */
const pageLoans: ReadonlyArray<readonly [string, Partial<BankLoan>]> = [
  ["ABC-123", { signedWithMethod: "E_SIGN", paidOut: true }],
  ["abc-123-def-567", { waitingForAddition: true, documents: ["ID"] }],
  ["14321-21234-445674-434344-345445", { signedWithMethod: "ANALOG" }],
]

const pageLoan = (reference: string, more: Partial<BankLoan>): BankLoan => ({
  reference: ApplicationReference.make(reference),
  account: pageAccount,
  offer: {},
  requestedSigningMethod: "E_SIGN",
  decision: "APPROVED",
  waitingForAddition: false,
  documents: [],
  signedWithMethod: undefined,
  paidOut: false,
  over: true,
  ...more,
})

/** Plays the unchanged examples of the bank's page. Counts the examples that the engine accepts. */
export const playBankPage = Effect.fnUntraced(function* (demo: Demo) {
  for (const [reference, more] of pageLoans) demo.bank.place(pageLoan(reference, more))
  const registration = demo.bank.registrations.get(pageAccount)
  let callbacks = 0
  for (const name of callbackExamples) {
    if (registration === undefined) break
    const status = yield* demo.bank.sendVerbatim(registration, pageFile(`${name}.json`))
    if (status >= 200 && status < 300) callbacks++
  }
  const asked = yield* askVerbatim(demo, pageFile("get-application-status-request.xml"))
  const readings = readingsOf(pageFile("get-application-status-response.xml"))
  const read = readings.filter((reading) => isStatus(new TextEncoder().encode(reading)))
  return {
    callbacks: { accepted: callbacks, of: callbackExamples.length },
    polling: { accepted: Number(asked) + Number(read.length === readings.length), of: 2 },
  }
})

/** Sends the page's unchanged polling request. The result is whether the bank answered with a status. */
const askVerbatim = ({ accessOf }: Demo, body: string) =>
  Effect.promise(async () => {
    const { url, username, password } = accessOf(pageAccount)
    const credentials = Buffer.from(`${username}:${Redacted.value(password)}`).toString("base64")
    const answer = await request(url, {
      method: "POST",
      headers: { "content-type": "text/xml", authorization: `Basic ${credentials}` },
      body,
    })
    const contentType = String(answer.headers["content-type"])
    return isStatus(new Uint8Array(await answer.body.arrayBuffer()), contentType)
  })

const isStatus = (bytes: Uint8Array, contentType = "text/xml"): boolean =>
  Result.isSuccess(getApplicationStatusResponse.decode(bytes, { contentType }))

/**
 * The page's response shows each value as alternatives, such as `true|false`. The result has one text for every
 * choice of values.
 */
function readingsOf(example: string): ReadonlyArray<string> {
  const match = />([^<>\s|]+)\|([^<>\s|]+)</u.exec(example)
  if (match === null) return [example]
  const [shown, ...alternatives] = match
  return alternatives.flatMap((chosen) => readingsOf(example.replace(shown, () => `>${chosen}<`)))
}
