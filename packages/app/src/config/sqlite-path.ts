import { Result } from "effect"

/**
 * A form of text that is no file's path, and what the user probably meant. The message does not repeat the text,
 * because it may contain a password.
 */
interface Trap {
  readonly looksLike: RegExp
  readonly fault: string
}

const postgresUrl = "postgres://user:password@host:5432/database"

/**
 * Texts that are certainly a mistake. Without this list, the engine would create a file with that name, or a store
 * that loses everything. The first match is reported.
 */
const traps: ReadonlyArray<Trap> = [
  {
    looksLike: /^[\s\uFEFF\u200B]+\S|\S[\s\u200B]+$|^["'`\u2018-\u201F\u00AB]/u,
    fault: "has a blank or a quotation mark around it: give the URL or the path alone.",
  },
  {
    looksLike: /^(?:undefined|null|none|nil|true|false|todo|tbd|changeme|<.*>)$/iu,
    fault: "is a word that programs write for a missing value: give an SQLite file's path, or postgres://….",
  },
  {
    looksLike: /^(?:~(?:[/\\]|$)|\$[A-Za-z{]|%\w+%)/u,
    fault: "begins with something that a shell would replace, but no shell did: write the full path.",
  },
  {
    looksLike:
      /^(?:postgres(?:ql)?|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]+\]|(?:[\w-]+\.)+(?:com|net|org|io|cloud|internal|local|svc))(?::\d+)?(?:\/[^/]*)?$/iu,
    fault: `looks like a server, not like a file: give ${postgresUrl}, or ./ in front of a file's name.`,
  },
  {
    looksLike: /^[A-Z][A-Z0-9_]*=/u,
    fault: `begins with a variable's name: give only the part after the =, such as ${postgresUrl}.`,
  },
  { looksLike: /^\s*$/u, fault: "is empty: give an SQLite file's path, or postgres://…." },
  {
    looksLike: /^(?:file:(?:\/\/)?)?:?memory:?$|^(?:file:(?:\/\/)?)?:memory:|[?&](?:mode=memory|vfs=memdb)/iu,
    fault:
      "names a store in memory, which loses every loan when the engine stops: give a file's path. `loan-engine start` makes " +
      "a temporary one.",
  },
  {
    looksLike:
      /(?:^|[\s;])(?:host|hostaddr|server|data source|initial catalog|dbname|database|user|user id|uid|username|password|pwd|port|service|sslmode)\s*=/iu,
    fault: `is a list of name=value pairs, which the engine does not read: write it as ${postgresUrl}.`,
  },
  {
    looksLike: /^(?!file:)[a-z][a-z\d+.-]+:/iu,
    fault: `begins like a URL, but of an unknown kind: give ${postgresUrl}, or a file's path.`,
  },
  { looksLike: /^[^/\\]*:[^/\\]*@/u, fault: `looks like a login without its URL: give ${postgresUrl}.` },
  {
    looksLike: /:\/\/[^/]*@|\/\/[^/@]*:[^@]*@|^[^=/\\]*=\s*postgres|^postgres(?:ql)?\s*:?\/\//iu,
    fault: `looks like a server's URL in a wrong form: give ${postgresUrl}.`,
  },
  {
    looksLike: /^file:.*[?#]|\?(?:[\w-]+=|$)/iu,
    fault: "has options after the file's path, which the engine does not read: give only the path.",
  },
  {
    looksLike: /^file:\/\/(?!\/|localhost\/)/iu,
    fault: "names another host's file: write file:///path, or the path alone.",
  },
]

/** The path in a database URL, with or without `file:`. If there is none, the failure says why. */
export function sqlitePath(given: string): Result.Result<string, string> {
  const trap = traps.find(({ looksLike }) => looksLike.test(given))
  if (trap !== undefined) return Result.fail(trap.fault)
  if (!/^file:/iu.test(given)) return Result.succeed(given)
  const path = decoded(given.replace(/^file:(?:\/\/(?:localhost)?)?/iu, ""))
  if (path === undefined)
    return Result.fail("has a % that encodes no character: write %25, or the path without file:.")
  return path.trim() === ""
    ? Result.fail("is empty: give an SQLite file's path, or postgres://….")
    : Result.succeed(path)
}

function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path)
    return /\p{Cc}/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
