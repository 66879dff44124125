/** The path under which a proxy publishes the engine, such as `/loans`. The default is none. */
export type PathPrefix = "" | `/${string}`

const origin = /^https?:\/\/[^/?#]*/iu

/**
 * A request's target without the prefix. The target is a path or a whole URL. The result is `undefined` if the target
 * does not begin with the prefix, spelt exactly the same.
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
 * Like {@link belowPrefix}, for the target of a callback. Extra slashes before the prefix are ignored. If the target
 * is no callback's, the result only shows that it is none.
 */
export const callbackBelowPrefix =
  (prefix: PathPrefix) =>
  (target: string): string | undefined =>
    belowPrefix(prefix)(prefix === "" ? target : target.replace(origin, "").replace(/^\/{2,}/u, "/"))

/**
 * Adds the prefix to the headers of an answer that name a path of the engine: `Location: /v1/…` and `Link: </v1/…>`.
 */
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
