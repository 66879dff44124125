/** The encodings that are read, under the names that the Encoding Standard gives to their labels. */
export const textEncodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-15"] as const
export type TextEncoding = (typeof textEncodings)[number]

/** Spellings of a label, and how the Encoding Standard writes the same: `UTF_8`, `latin-1`. */
const spellings: ReadonlyArray<(label: string) => string> = [
  (label) => label,
  (label) => label.replaceAll("_", "-"),
  (label) => label.replace(/^latin[-_ ]?/iu, "csisolatin"),
  // Java's names.
  (label) => label.replace(/^(?:iso)?8859_/iu, "iso-8859-"),
]

/** The encoding that a label names in the Encoding Standard. `undefined` if it is not supported. */
export function encodingOf(label: string): TextEncoding | undefined {
  for (const spelled of spellings) {
    const name = standardName(spelled(label.trim()))
    const encoding = textEncodings.find((each) => each === name)
    if (encoding !== undefined) return encoding
  }
  return undefined
}

function standardName(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}
