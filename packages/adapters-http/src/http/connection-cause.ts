/** Why there was no connection, or why it broke. The causes are grouped by what a person can do. */
export type ConnectionCause =
  | "refused"
  | "name-not-found"
  | "unreachable"
  | "certificate"
  | "tls"
  | "proxy"
  | "broken"

/**
 * The error codes of the operating system, of TLS and of undici, by cause. The first match counts. Any other code
 * means that the connection broke.
 */
const causes: ReadonlyArray<readonly [codes: RegExp, cause: ConnectionCause]> = [
  [/^ECONNREFUSED$/u, "refused"],
  [/^(?:ENOTFOUND|EAI_\w+)$/u, "name-not-found"],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/u, "unreachable"],
  [
    /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH)/u,
    "certificate",
  ],
  [/^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/u, "tls"],
  [/^(?:PROXY_|UND_ERR_PRX_|ERR_SOCKS)/u, "proxy"],
]

export const connectionCause = (code: string): ConnectionCause =>
  causes.find(([codes]) => codes.test(code))?.[1] ?? "broken"

/**
 * What is wrong with a certificate that was refused, and what to do. A code that is not listed means that the
 * authority is unknown.
 */
const certificates: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "it has expired: check this machine's clock, and tell the bank"],
  ["CERT_NOT_YET_VALID", "it is not valid yet: check this machine's clock"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "it belongs to another host: check the URL's host"],
  ["HOSTNAME_MISMATCH", "it belongs to another host: check the URL's host"],
  ["CERT_REVOKED", "it is revoked: tell the bank"],
])

const unknownAuthority =
  "no known authority has signed it: if your own authority has, set bankCaFile (LOAN_ENGINE_BANK_CA_FILE) to that authority's certificate"

const advice: { readonly [Cause in ConnectionCause]: (code: string) => string } = {
  refused: () => "nothing listens at that host and port: check the URL's port, and that the service runs",
  "name-not-found": () => "the URL's host has no address: check its spelling, and this machine's DNS",
  unreachable: () =>
    "there is no route to the host: check the network, its firewall, and whether a proxy is needed",
  certificate: (code) => certificates.get(code) ?? unknownAuthority,
  tls: () => "client and server do not agree on TLS: check that the URL's port speaks https",
  proxy: () =>
    "the proxy cannot be reached, or does not let the request through: check bankProxyUrl (LOAN_ENGINE_BANK_PROXY_URL), and what " +
    "the proxy allows",
  broken: () =>
    "the connection was closed before the answer was complete: it is unknown whether the request was carried out",
}

/** What a cause means, what to do, and its code. */
export const connectionAdvice = (code: string): string => `${advice[connectionCause(code)](code)} (${code})`
