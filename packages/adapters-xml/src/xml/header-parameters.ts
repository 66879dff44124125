/**
 * One parameter of a header: a name and a value, which may be in quotes with escapes. Some senders use single quotes.
 */
const parameter = /;\s*(?:([^\s=;"']+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;]*))\s*)?/uy

/**
 * The parameters after a header's value: names in lower case, values without quotes. Text inside quotes is never a
 * parameter. Reading stops at the first text that is not a parameter.
 *
 * @example headerParameters('text/xml; charset="utf-8"') is [["charset", "utf-8"]]
 */
export function headerParameters(header: string): ReadonlyArray<readonly [name: string, value: string]> {
  const found: Array<readonly [string, string]> = []
  const begin = header.indexOf(";")
  parameter.lastIndex = begin === -1 ? header.length : begin
  for (let match = parameter.exec(header); match !== null; match = parameter.exec(header)) {
    const [, name, quoted, single, token] = match
    const value = quoted?.replace(/\\(.)/gu, "$1") ?? single ?? token
    if (name !== undefined && value !== undefined) found.push([name.toLowerCase(), value])
  }
  return found
}

/** The first parameter of that name. */
export const headerParameter = (header: string, name: string): string | undefined =>
  headerParameters(header).find(([each]) => each === name)?.[1]
