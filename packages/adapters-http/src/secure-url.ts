const loopback = /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/u

/**
 * Whether secrets may travel to this URL: https, or a loopback address, where nobody else listens. A URL that carries a
 * user name or a password itself is refused, because URLs end up in logs.
 */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== "" || url.password !== "") return false
  return url.protocol === "https:" || (url.protocol === "http:" && loopback.test(url.hostname))
}
