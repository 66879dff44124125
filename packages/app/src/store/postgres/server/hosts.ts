import { Redacted } from "effect"
import { optionFault } from "./url-options.ts"

/** One of the servers that a URL names, and the URL that leads to it alone. */
export interface Host {
  /** `host:port` as it stands in the URL: what may be told of it. */
  readonly name: string
  readonly url: Redacted.Redacted
}

/** Who knocks is whatever stands before the last `@`; the servers stand behind it, with commas between them. */
const shape = /^(?<scheme>postgres(?:ql)?:\/\/)(?<login>[^/?#]*@)?(?<hosts>[^/?#@]*)(?<rest>.*)$/isu

const example = "postgres://user:password@host:5432/database"

/**
 * The servers that a URL in libpq's form names, of which one is the primary at any time:
 * `postgres://user:password@one:5432,two:5432/database`.
 */
export function hostsOf(url: Redacted.Redacted): readonly [Host, ...ReadonlyArray<Host>] {
  const text = Redacted.value(url)
  const { scheme, login = "", hosts, rest } = shape.exec(text)?.groups ?? {}
  if (scheme === undefined || hosts === undefined) return [{ name: "the server", url }]
  const [first = "", ...others] = hosts.split(",")
  const host = (name: string): Host => ({
    name: name || "localhost",
    url: Redacted.make(`${scheme}${login}${name}${rest}`),
  })
  return [host(first), ...others.map(host)]
}

/** Why a URL names no PostgreSQL database, if so, and how it should read; the URL itself is not told. */
export function urlFault(text: string): string | undefined {
  const hosts = hostsOf(Redacted.make(text))
  const urls = hosts.map(({ url }) => Redacted.value(url))
  const parsed = urls.map((url) => (URL.canParse(url) ? new URL(url) : undefined))
  // A `#`, or an `@` behind the first slash, is of a password that was not encoded: the URL would lead elsewhere.
  const isWrong =
    !shape.test(text) ||
    /#|^[^?]*\/\/[^/?]*\/[^?]*[@/]/u.test(text) ||
    // As in `…/database;sslmode=require`: what was meant as an option would be a part of the name.
    /[;=]|%(?:3B|3D|20)/iu.test(parsed[0]?.pathname ?? "") ||
    parsed.some((url) => url === undefined || url.port === "0" || (hosts.length > 1 && url.host === ""))
  if (isWrong || (parsed[0]?.pathname.length ?? 0) < 2) {
    return (
      `is no PostgreSQL URL: it should read ${example}, or …@one:5432,two:5432/database for a primary and its standbys, ` +
      "with whatever is special in user or password percent-encoded."
    )
  }
  const options = parsed[0]?.searchParams
  if (options?.get("host")?.includes(",") === true || (hosts.length > 1 && options?.has("host") === true)) {
    return "names servers in its host option: name them before the database, as in …@one:5432,two:5432/database."
  }
  return parsed[0] === undefined ? undefined : optionFault(parsed[0])
}

/** What may be told of the URL: where it leads, without who knocks and with which password. */
export function placeOf(url: Redacted.Redacted, schema: string): string {
  const hosts = hostsOf(url)
  const first = Redacted.value(hosts[0].url)
  if (!URL.canParse(first)) return `the PostgreSQL database, schema ${schema}`
  const where = hosts.length === 1 ? new URL(first).host : hosts.map(({ name }) => name).join(",")
  return `PostgreSQL at ${where}${new URL(first).pathname}, schema ${schema}`
}
