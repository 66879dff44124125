import { Effect, Queue } from "effect"
import { CompactSign, generateKeyPair, exportJWK } from "jose"
import type { CryptoKey, JWK } from "jose"
import { Agent, request } from "undici"
import type { Fate, Forgery } from "./chaos.ts"
import type { Speak } from "./dialects/speaking.ts"
import { speakPlainly } from "./dialects/speaking.ts"

/** A callback registration, as `setCallback` requested it. */
export interface Registration {
  readonly callbackUrl: string
  readonly credentials: string | undefined
  readonly method: "BASIC" | "BEARER" | undefined
  /** If true, the bank's callbacks to this account come without `jwsData`. */
  readonly unsigned?: boolean
}

/** Counts of the bank's callbacks. `sent` counts requests; `accepted` and `rejected` count their answers. */
export interface CallbackCounts {
  sent: number
  accepted: number
  rejected: number
  dropped: number
  duplicated: number
  reordered: number
  forged: number
  forgedAccepted: number
}

export const noCallbacks = (): CallbackCounts => ({
  sent: 0,
  accepted: 0,
  rejected: 0,
  dropped: 0,
  duplicated: 0,
  reordered: 0,
  forged: 0,
  forgedAccepted: 0,
})

/**
 * The waits before each retry, in seconds of bank time. The bank's related API uses the same. A delivery ends with an
 * answer below 300.
 */
const retryWaitsSeconds = [
  30, 45, 60, 90, 150, 240, 330, 510, 780, 1_200, 1_800, 2_700, 3_600, 5_400, 9_000, 14_400, 18_000, 28_800,
  43_200,
]

/** How long the bank waits for an answer, and how many callbacks it sends at the same time. */
const answerMsMax = 10_000
const sendersMax = 64

/**
 * The signing keys. `genuine` belongs to the bank, and the JWKS publishes its public half `jwk`. `foreign` belongs to
 * a forger.
 */
export interface SigningKeys {
  readonly kid: string
  readonly genuine: CryptoKey
  readonly foreign: CryptoKey
  readonly jwk: JWK
}

export const makeSigningKeys: Effect.Effect<SigningKeys> = Effect.promise(async () => {
  const kid = "sandbox-1"
  const genuine = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true })
  const foreign = await generateKeyPair("RS256", { modulusLength: 2048 })
  const jwk = { ...(await exportJWK(genuine.publicKey)), kid, use: "sig", alg: "RS256" }
  return { kid, genuine: genuine.privateKey, foreign: foreign.privateKey, jwk }
})

/** Sends one callback to its registered URL. The result is the HTTP status, or 0 without an answer. */
export type CallbackTransport = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Effect.Effect<number>

export interface CallbackSenderOptions {
  /** Bank seconds per real second. */
  readonly speed: number
  readonly keys: SigningKeys
  readonly counts: CallbackCounts
  /** The bank's clock for `iat`, in seconds since 1970. */
  readonly issuedAt: Effect.Effect<number>
  /** The transport of the callbacks. The default is HTTP. */
  readonly transport?: CallbackTransport | undefined
  /** The dialect of the callbacks over HTTP. The default is the plain form. */
  readonly speak?: Speak | undefined
}

interface Delivery {
  readonly registration: Registration
  readonly body: string
}

/** A callback's body. Without `jwsData` it has no signature. */
export const bodyOf = (event: object, jwsData: string | undefined): string =>
  JSON.stringify({ externalApplicationEvent: event, ...(jwsData === undefined ? {} : { jwsData }) })

/** Sends callbacks over HTTP. The connections close with the scope. */
export const makeHttpTransport = (speak: Speak) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ connections: sendersMax, headersTimeout: answerMsMax })),
      (opened) => Effect.promise(() => opened.destroy()),
    ),
    (agent): CallbackTransport =>
      Effect.fnUntraced(function* (url, headers, body) {
        const contentType = headers["content-type"] ?? "application/json"
        const said = yield* speak("json", { bytes: Buffer.from(body), contentType })
        return yield* Effect.tryPromise(async () => {
          const answer = await request(url, {
            method: "POST",
            dispatcher: agent,
            headers: {
              ...headers,
              "content-type": said.contentType,
              ...(said.contentEncoding === undefined ? {} : { "content-encoding": said.contentEncoding }),
            },
            body: said.bytes,
          })
          await answer.body.dump()
          return answer.statusCode
        }).pipe(Effect.orElseSucceed(() => 0))
      }),
  )

/**
 * Sends callbacks as the bank does. A fate decides for each callback whether it is lost, late, repeated or forged.
 */
export const makeCallbackSender = Effect.fnUntraced(function* (options: CallbackSenderOptions) {
  const { counts, keys, speed } = options
  const carry = options.transport ?? (yield* makeHttpTransport(options.speak ?? speakPlainly))
  const outbox = yield* Queue.unbounded<Effect.Effect<void>>()
  let underway = 0
  const bankSleep = (bankMs: number): Effect.Effect<void> => Effect.sleep(bankMs / speed)

  const post = ({ registration, body }: Delivery, authorization: string | undefined) =>
    carry(
      registration.callbackUrl,
      {
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      },
      body,
    )

  /** One delivery with all its retries. */
  const deliver = (delivery: Delivery): Effect.Effect<void> =>
    Effect.gen(function* () {
      for (const waitSeconds of [0, ...retryWaitsSeconds]) {
        yield* bankSleep(waitSeconds * 1_000)
        counts.sent++
        const status = yield* post(delivery, authorizationOf(delivery.registration))
        if (status >= 200 && status < 300) {
          counts.accepted++
          return
        }
        counts.rejected++
      }
    })

  const forge = Effect.fnUntraced(function* (registration: Registration, event: object, forgery: Forgery) {
    counts.forged++
    const issuedAt = yield* options.issuedAt
    const told = "applicationEventType" in event ? event.applicationEventType : undefined
    const lie = { ...event, applicationEventType: told === "PAID_OUT" ? "SIGNED" : "PAID_OUT" }
    const key = forgery === "foreign-key" ? keys.foreign : keys.genuine
    const signed = yield* Effect.promise(() =>
      sign(forgery === "altered-body" ? event : lie, issuedAt, key, keys.kid),
    )
    const body = bodyOf(lie, signed)
    const credentials = Buffer.from("somebody:else").toString("base64")
    const authorization =
      forgery === "wrong-credentials" ? `Basic ${credentials}` : authorizationOf(registration)
    const status = yield* post({ registration, body }, authorization)
    if (status === 200) counts.forgedAccepted++
    else counts.rejected++
  })

  const started = (effect: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => {
      underway++
      return Effect.asVoid(
        Queue.offer(
          outbox,
          Effect.ensuring(
            effect,
            Effect.sync(() => void underway--),
          ),
        ),
      )
    })

  yield* Effect.forkScoped(
    Effect.forever(Effect.flatMap(Queue.take(outbox), (effect) => Effect.forkScoped(effect))),
  )

  const signatureOf = Effect.fnUntraced(function* (registration: Registration, event: object) {
    if (registration.unsigned === true) return undefined
    const issuedAt = yield* options.issuedAt
    return yield* Effect.promise(() => sign(event, issuedAt, keys.genuine, keys.kid))
  })

  /** Signs an event now and sends it as its fate says. */
  const send = Effect.fnUntraced(function* (registration: Registration, event: object, fate: Fate) {
    const { forgery } = fate
    if (forgery !== undefined) yield* started(forge(registration, event, forgery))
    if (fate.dropped) {
      counts.dropped++
      return
    }
    const delivery = { registration, body: bodyOf(event, yield* signatureOf(registration, event)) }
    const { heldBackMs = 0, againAfterMs } = fate
    if (heldBackMs > 0) counts.reordered++
    yield* started(Effect.andThen(bankSleep(heldBackMs), deliver(delivery)))
    if (againAfterMs === undefined) return
    counts.duplicated++
    yield* started(Effect.andThen(bankSleep(heldBackMs + againAfterMs), deliver(delivery)))
  })

  /** Sends an unchanged body. The examples of the bank's page are sent this way. */
  const sendVerbatim = (registration: Registration, body: string) =>
    post({ registration, body }, authorizationOf(registration))

  return { send, sendVerbatim, underway: () => underway }
})

/**
 * The bank's example payload begins with `iss`. The sandbox puts the event into the claim `externalApplicationEvent`,
 * the event's member name in the body.
 */
export const sign = (event: object, issuedAt: number, key: CryptoKey, kid: string): Promise<string> =>
  new CompactSign(
    new TextEncoder().encode(
      JSON.stringify({ iss: "sandbox-bank", iat: issuedAt, externalApplicationEvent: event }),
    ),
  )
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
    .sign(key)

function authorizationOf({ credentials, method }: Registration): string | undefined {
  if (credentials === undefined || method === undefined) return undefined
  return method === "BASIC" ? `Basic ${credentials}` : `Bearer ${credentials}`
}
