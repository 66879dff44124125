import { isLoopback } from "@loan-engine/adapters-http/http/secure-url"
import { Redacted } from "effect"
import { optionFault } from "./url-options.ts"

/** One server of a URL, and the URL with only that server. */
export interface Host {
  /** `host:port` from the URL, for messages. */
  readonly name: string
  readonly url: Redacted.Redacted
}

/** User and password are before the last `@`. The servers are after it, separated by commas. */
const shape = /^(?<scheme>postgres(?:ql)?:\/\/)(?<login>[^/?#]*@)?(?<hosts>[^/?#@]*)(?<rest>.*)$/isu

const example = "postgres://user:password@host:5432/database"

/**
 * The servers of a URL in libpq's form, such as `postgres://user:password@one:5432,two:5432/database`. One of them is
 * the primary.
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

/**
 * Why a URL does not name a PostgreSQL database, and how it should look. `undefined` if it does. The URL itself is
 * not shown.
 */
export function urlFault(text: string): string | undefined {
  const hosts = hostsOf(Redacted.make(text))
  const urls = hosts.map(({ url }) => Redacted.value(url))
  const parsed = urls.map((url) => (URL.canParse(url) ? new URL(url) : undefined))
  // If there is a `#`, or an `@` after the first slash, somebody did not encode a password. The URL would then lead
  // to another host.
  const isWrong =
    !shape.test(text) ||
    /#|^[^?]*\/\/[^/?]*\/[^?]*[@/]/u.test(text) ||
    // As in `…/database;sslmode=require`: the option would become part of the database's name.
    /[;=]|%(?:3B|3D|20)/iu.test(parsed[0]?.pathname ?? "") ||
    parsed.some((url) => url === undefined || url.port === "0" || (hosts.length > 1 && url.host === ""))
  if (isWrong || (parsed[0]?.pathname.length ?? 0) < 2) {
    return (
      `is no PostgreSQL URL: it should read ${example}, or …@one:5432,two:5432/database for a primary and its standbys, ` +
      "with all special characters in user and password percent-encoded."
    )
  }
  const options = parsed[0]?.searchParams
  if (options?.get("host")?.includes(",") === true || (hosts.length > 1 && options?.has("host") === true)) {
    return "names servers in its host option: name them before the database, as in …@one:5432,two:5432/database."
  }
  const mode = options?.get("sslmode")
  if (
    (mode === "prefer" || mode === "allow") &&
    parsed.some((url) => url !== undefined && isOtherMachine(url))
  ) {
    return (
      `has sslmode=${mode}: if anybody on the way answers that there is no encryption, the engine would send its password as plain text. ` +
      "Write sslmode=require. Only if nobody else can read the network, write sslmode=disable."
    )
  }
  return parsed[0] === undefined ? undefined : optionFault(parsed[0])
}

/** Whether the server of a URL is neither a socket nor a loopback address of this machine. */
export function isOtherMachine({ hostname, searchParams }: URL): boolean {
  const host = searchParams.get("host") ?? hostname
  return host !== "" && !host.startsWith("/") && !isLoopback(host)
}

/** The URL for messages: without user and password. */
export function placeOf(url: Redacted.Redacted, schema: string): string {
  const hosts = hostsOf(url)
  const first = Redacted.value(hosts[0].url)
  if (!URL.canParse(first)) return `the PostgreSQL database, schema ${schema}`
  const where = hosts.length === 1 ? new URL(first).host : hosts.map(({ name }) => name).join(",")
  return `PostgreSQL at ${where}${new URL(first).pathname}, schema ${schema}`
}
