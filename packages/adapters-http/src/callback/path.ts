/**
 * The account that a callback's path names, as it was registered with the bank; `undefined` if the path is no callback's.
 * `target` is a request's target: a path, or a whole URL. This path alone is forgiving, because the bank's address was put
 * together by somebody else: one slash more, at either end or between, names the same.
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

/** Longer than any account's path, however each letter is written. */
const pathLengthMax = 1_024

/** An empty segment, and one that stands for its own folder, names nothing. */
const isNamed = (segment: string): boolean => segment !== "" && segment !== "."

function decoded(segment: string): string {
  if (!segment.includes("%")) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
