import { nearest } from "../../../base/nearest.ts"

interface Option {
  readonly taken: RegExp
  /** What to write, as in "has a port that the engine cannot use: give a port from 1 to 65535". */
  readonly give: string
}

const anything: Option = { taken: /./su, give: "give a value, or leave it out" }
const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

/** The options that may follow the `?` of a PostgreSQL URL. */
const options: ReadonlyMap<string, Option> = new Map([
  ["host", anything],
  ["port", { taken: /^[1-9]\d{0,4}$/u, give: "give a port from 1 to 65535" }],
  ["user", anything],
  ["password", anything],
  ["options", anything],
  [
    "sslmode",
    { taken: new RegExp(`^(?:${sslModes.join("|")})$`, "u"), give: `give one of ${sslModes.join(", ")}` },
  ],
  // The engine always looks for the writable server, so only these values make sense.
  [
    "target_session_attrs",
    { taken: /^(?:read-write|primary|any)$/u, give: "give read-write, or leave it out" },
  ],
])

const encryption = "write sslmode=require, which encrypts and checks the server's certificate"
const certificate = "put the authority's certificate into the file that NODE_EXTRA_CA_CERTS names"
const schema = "set LOAN_ENGINE_DATABASE_SCHEMA"

/**
 * Options that other programs have, and what to do here instead. Without this table, the engine would ignore them.
 */
const instead: ReadonlyMap<string, string> = new Map([
  ["ssl", encryption],
  ["tls", encryption],
  ["usessl", encryption],
  ["requiressl", encryption],
  ["sslrootcert", certificate],
  ["sslca", certificate],
  ["sslcert", "the engine has no client certificate: leave it out"],
  ["sslkey", "the engine has no client certificate: leave it out"],
  ["dbname", "write the database behind the host"],
  ["database", "write the database behind the host"],
  ["schema", schema],
  ["currentschema", schema],
  ["search_path", schema],
  ["application_name", "the engine always calls itself loan-engine: leave it out"],
  ["connect_timeout", "set LOAN_ENGINE_DATABASE_CONNECT_MS_MAX"],
  ["statement_timeout", "set LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX"],
  ["lock_timeout", "set LOAN_ENGINE_DATABASE_LOCK_MS_MAX"],
  ["connection_limit", "set LOAN_ENGINE_DATABASE_CONNECTIONS_MAX"],
  ["pool_max_conns", "set LOAN_ENGINE_DATABASE_CONNECTIONS_MAX"],
])

/** The first option that the engine cannot use, and what to do about it. The option's value is never shown. */
export function optionFault(url: URL): string | undefined {
  const stated = { host: url.hostname, port: url.port, user: url.username, password: url.password }
  const seen = new Set(Object.entries(stated).flatMap(([name, text]) => (text === "" ? [] : [name])))
  for (const [name, value] of url.searchParams) {
    const fault = faultOf(name, value, seen)
    if (fault !== undefined) return fault
    seen.add(name)
  }
  return undefined
}

function faultOf(name: string, value: string, seen: ReadonlySet<string>): string | undefined {
  if (seen.has(name)) return `says ${name} twice: leave one out.`
  const option = options.get(name)
  if (option !== undefined) {
    return option.taken.test(value) ? undefined : `has a ${name} that the engine cannot use: ${option.give}.`
  }
  const meant = nearest(name, options.keys())
  const advice =
    instead.get(name.toLowerCase()) ??
    (meant === undefined ? `the options are ${[...options.keys()].join(", ")}` : `did you mean ${meant}?`)
  const shown = JSON.stringify(name.slice(0, nameShownMax))
  return `has an option ${shown} that the engine does not read: ${advice.replace(/(?<!\?)$/u, ".")}`
}

/** A longer text is no option's name. It may be a part of a password that contains a `?`. */
const nameShownMax = 32
