/** The supported encodings, by their names in the Encoding Standard. */
export const textEncodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-15"] as const
export type TextEncoding = (typeof textEncodings)[number]

/** Spellings of a label, each converted to the form of the Encoding Standard: `UTF_8`, `latin-1`. */
const spellings: ReadonlyArray<(label: string) => string> = [
  (label) => label,
  (label) => label.replaceAll("_", "-"),
  (label) => label.replace(/^latin[-_ ]?/iu, "csisolatin"),
  // The names in Java.
  (label) => label.replace(/^(?:iso)?8859_/iu, "iso-8859-"),
]

/** The encoding of a label. `undefined` if it is not supported. */
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
