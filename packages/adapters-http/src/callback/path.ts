/**
 * The account in a callback's path. `undefined` if the path is not that of a callback. `target` is a request's
 * target: a path, or a whole URL. This path is read leniently, because somebody copied it to the bank: extra slashes
 * at either end or between segments are ignored. All other paths are read strictly.
 *
 * @example callbackAccount("//callbacks/se/?a=b") is "se"
 */
export function callbackAccount(target: string): string | undefined {
  const path = target.replace(origin, "").split(pathEnd, 1)[0] ?? ""
  if (!path.startsWith("/") || path.length > pathLengthMax) return undefined
  const [root, name, ...others] = path.split("/").filter(isNamed).map(decoded)
  return root === "callbacks" && others.length === 0 ? name : undefined
}

const origin = /^https?:\/\/[^/?#]*/iu
const pathEnd = /[?#]/u

/** No account's path is longer than this, even percent-encoded. */
const pathLengthMax = 1_024

/** Whether a segment names something. An empty segment and `.` do not. */
const isNamed = (segment: string): boolean => segment !== "" && segment !== "."

function decoded(segment: string): string {
  if (!segment.includes("%")) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
