import { hash, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"

/** The two methods with which the bank authorizes its callbacks, and the name of each scheme in the header. */
export const authorizationSchemes = { BASIC: "Basic", BEARER: "Bearer" } as const
export type CallbackAuthorizationMethod = keyof typeof authorizationSchemes

/** What was registered by `setCallback`. `credentials` is the base64 text that the bank sends back unchanged. */
export interface CallbackCredentials {
  readonly method: CallbackAuthorizationMethod
  readonly credentials: Redacted.Redacted
}

/** The maximum length of the header. A longer header is refused without being read. */
export const authorizationLengthMax = 8_192

const written = /^(basic|bearer) +([A-Za-z0-9._~+/-]+=*) *$/iu
const token = /^[A-Za-z0-9._~+/-]+=*$/u

/** Whether the text is valid in an Authorization header. `user:password` must first be encoded in base64. */
export const isCredentialsText = (credentials: Redacted.Redacted): boolean =>
  token.test(Redacted.value(credentials)) && Redacted.value(credentials).length <= authorizationLengthMax / 2

const digest = (scheme: string, credentials: string): Buffer =>
  hash("sha256", `${scheme.toLowerCase()} ${credentials}`, "buffer")

/**
 * Makes the check of an Authorization header: whether it has one of the accepted credentials. Several can be valid at
 * once, so that they can be rotated. All digests are compared, so that the time reveals nothing.
 *
 * Source: the bank's page, "Register the callback-URL".
 */
export function makeAuthorization(
  accepted: ReadonlyArray<CallbackCredentials>,
): (header: string | null) => boolean {
  const digests = accepted.map(({ method, credentials }) =>
    digest(authorizationSchemes[method], Redacted.value(credentials)),
  )
  return (header) => {
    if (header === null || header.length > authorizationLengthMax) return false
    const [, scheme, credentials] = written.exec(header.trim()) ?? []
    if (scheme === undefined || credentials === undefined) return false
    const presented = digest(scheme, credentials)
    let matches = 0
    for (const expected of digests) matches += Number(timingSafeEqual(presented, expected))
    return matches > 0
  }
}

/** The value of `WWW-Authenticate` for a 401, with one challenge for each method. */
export const challengesOf = (accepted: ReadonlyArray<CallbackCredentials>): string =>
  [...new Set(accepted.map(({ method }) => `${authorizationSchemes[method]} realm="callback"`))].join(", ")
