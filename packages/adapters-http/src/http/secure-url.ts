const loopback = /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]|::1)$/u

/** Whether a host is this machine, where nobody else listens. */
export const isLoopback = (host: string): boolean => loopback.test(host.toLowerCase())

/**
 * Whether secrets may travel to this URL: https, or a loopback address, where nobody else listens, or one of the hosts to
 * which plain http is allowed by name. A URL that carries a
 * user name or a password itself is refused, because URLs end up in logs.
 */
export function isSecureUrl(text: string, plainHttpHosts: ReadonlyArray<string> = []): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== "" || url.password !== "") return false
  return (
    url.protocol === "https:" ||
    (url.protocol === "http:" && (loopback.test(url.hostname) || plainHttpHosts.includes(url.hostname)))
  )
}

/** The same as a sentence, behind what the URL is called. */
export const secureUrlRule =
  "must be https without a user in it; plain http is for a loopback address, or for a host of your own network that " +
  "bankPlainHttpHosts (LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS) names"
