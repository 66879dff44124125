const loopback = /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]|::1)$/u

/** Whether a host name means this machine. */
export const isLoopback = (host: string): boolean => loopback.test(host.toLowerCase())

/**
 * Whether secrets may be sent to this URL. It must be https, or a loopback address, or a host in `plainHttpHosts`. If
 * it contains a user name or a password, it is refused, because URLs appear in logs.
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

/** The rule of {@link isSecureUrl} as the end of a sentence. */
export const secureUrlRule =
  "must be https without a user in it; plain http is for a loopback address, or for a host of your own network that " +
  "bankPlainHttpHosts (LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS) names"
