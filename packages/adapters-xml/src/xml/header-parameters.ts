/**
 * One parameter of a header. The value may be in quotation marks, with escapes. Some senders use single quotation
 * marks.
 */
const parameter = /;\s*(?:([^\s=;"']+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;]*))\s*)?/uy

/**
 * The parameters of a header, after its value. Names are in lower case, and values are without quotation marks. Text
 * inside quotation marks is never a parameter. Reading stops at the first text that is no parameter.
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

/** The value of the first parameter with this name. */
export const headerParameter = (header: string, name: string): string | undefined =>
  headerParameters(header).find(([each]) => each === name)?.[1]
