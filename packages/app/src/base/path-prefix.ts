/** The path below which a proxy leads to the engine, such as `/loans`. The default is none. */
export type PathPrefix = "" | `/${string}`

const origin = /^https?:\/\/[^/?#]*/iu

/**
 * A request's target without the prefix: a path, or a whole URL. `undefined` if it is not below the prefix. The prefix has
 * one spelling, as every other path.
 *
 * @example belowPrefix("/loans")("/loans/v1/accounts?a=b") is "/v1/accounts?a=b"
 */
export const belowPrefix =
  (prefix: PathPrefix) =>
  (target: string): string | undefined => {
    if (prefix === "") return target
    const [start = ""] = origin.exec(target) ?? []
    const path = target.slice(start.length)
    return path.startsWith(`${prefix}/`) ? start + path.slice(prefix.length) : undefined
  }

/**
 * The same for the target of a callback, whose path is lenient: extra slashes before the prefix are ignored. For any other
 * target it gives no more than that it is no callback's.
 */
export const callbackBelowPrefix =
  (prefix: PathPrefix) =>
  (target: string): string | undefined =>
    belowPrefix(prefix)(prefix === "" ? target : target.replace(origin, "").replace(/^\/{2,}/u, "/"))

/** Headers of an answer that name a path of the engine: `Location: /v1/…`, and `Link: </v1/…>`. */
export const withPrefix = (
  prefix: PathPrefix,
  headers: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> => {
  const { location, link } = headers
  return {
    ...(location?.startsWith("/") === true ? { location: prefix + location } : {}),
    ...(link === undefined ? {} : { link: link.replaceAll("</", `<${prefix}/`) }),
  }
}
