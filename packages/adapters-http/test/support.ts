import { createServer } from "node:http"
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { readFileSync } from "node:fs"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect, Logger } from "effect"
import type { Scope } from "effect"
import { TestClock } from "effect/testing"
import { CompactSign, exportJWK, generateKeyPair } from "jose"
import type { CryptoKey, JWK } from "jose"
import type { RecordObservation } from "../src/callback/receiver.ts"

const examples = new URL("../../app/src/sandbox/bank-page/", import.meta.url)

/** A file of the bank's page, with unchanged bytes. */
export const example = (name: string): Uint8Array => readFileSync(new URL(name, examples))
export const exampleText = (name: string): string => readFileSync(new URL(name, examples), "utf8")

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A real server on a free port of the loopback address, closed with the scope. */
export const serve = (listener: RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<Server>((resolve) => {
          const server = createServer(listener).listen(0, "127.0.0.1", () => resolve(server))
        }),
    ),
    (server) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }),
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

/** A server that gives every request the same answer and keeps the requests. */
export interface Seen {
  readonly url: string
  readonly requests: Array<{ readonly headers: IncomingMessage["headers"]; readonly body: string }>
}
export const serveAnswers = (
  answer: (response: ServerResponse, count: number) => void,
): Effect.Effect<Seen, never, Scope.Scope> =>
  Effect.suspend(() => {
    const requests: Seen["requests"] = []
    return serve((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
        answer(response, requests.length)
      })
    }).pipe(Effect.map((url) => ({ url, requests })))
  })

/** The time at which every test begins. */
export const epoch = 1_700_000_000_000

/** All log lines. Tests check that certain texts are not in them. */
export const logged: Array<string> = []
const keepLogs = Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void logged.push(line))])

/** Runs an effect with a test clock, and closes what the effect opened. */
export const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(Effect.andThen(TestClock.setTime(epoch), effect)).pipe(
      Effect.provide(TestClock.layer()),
      Effect.provide(keepLogs),
    ),
  )

export interface TestKey {
  readonly kid: string
  readonly publicJwk: JWK
  readonly privateKey: CryptoKey
}

/** A real RSA key as the bank would publish it. */
export async function makeKey(kid: string, alg = "RS256", bits = 2_048): Promise<TestKey> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: bits }
  const { publicKey, privateKey } =
    bits < 2_048
      ? await crypto.subtle.generateKey({ ...algorithm, publicExponent: new Uint8Array([1, 0, 1]) }, true, [
          "sign",
          "verify",
        ])
      : await generateKeyPair(alg, { modulusLength: bits, extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), kid, use: "sig", alg }
  return { kid, publicJwk, privateKey }
}

export const sign = (
  key: TestKey,
  claims: unknown,
  header: { readonly [name: string]: unknown } = {},
): Promise<string> =>
  new CompactSign(bytesOf(typeof claims === "string" ? claims : JSON.stringify(claims)))
    .setProtectedHeader({ alg: "RS256", kid: key.kid, ...header })
    .sign(key.privateKey)

export const jwksText = (...keys: ReadonlyArray<unknown>): string => JSON.stringify({ keys })

/** A `record` function that keeps its observations. */
export function recorder(): { readonly seen: Array<Observation>; readonly record: RecordObservation } {
  const seen: Array<Observation> = []
  const record: RecordObservation = (observation) =>
    Effect.sync(() => {
      seen.push(observation)
      return { disposition: observation.hold === undefined ? "advanced" : "held" }
    })
  return { seen, record }
}
