/** Controls, marks that turn or hide what stands around them, and the ends of lines that are no line ends. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * A text of others as people may be shown it: what they could not see, or what would move or turn other text, is written as
 * JSON escapes it. So it stays on its line and in its order, and within JSON it stays the same text.
 */
export const visibleText = (text: string): string =>
  text.replaceAll(unseen, (character) =>
    Array.from({ length: character.length }, (_, unit) => escaped(character.charCodeAt(unit))).join(""),
  )

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`

/** The same of a text that may be of several lines: its line ends stay. */
export const visibleLines = (text: string): string => text.split(/\r?\n/u).map(visibleText).join("\n")
