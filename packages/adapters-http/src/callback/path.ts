/**
 * The account that a callback's path names, as it was registered with the bank. `undefined` if the path is not a
 * callback's. `target` is a request's target: a path, or a whole URL. Only this path is lenient, because somebody else
 * composed the bank's copy of it: extra slashes at either end or between segments are ignored.
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

/** Longer than the path of any account, in any percent-encoding. */
const pathLengthMax = 1_024

/** An empty segment, and the segment of the current folder, name nothing. */
const isNamed = (segment: string): boolean => segment !== "" && segment !== "."

function decoded(segment: string): string {
  if (!segment.includes("%")) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
