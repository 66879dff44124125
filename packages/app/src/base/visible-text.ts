/** Control characters, marks that turn or hide the text around them, and line ends other than the usual ones. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Makes a text of others safe to show. Invisible characters, and characters that would move or turn other text, are
 * written as JSON escapes. So the text stays on its line and in its order, and in JSON it stays the same text.
 */
export const visibleText = (text: string): string =>
  text.replaceAll(unseen, (character) =>
    Array.from({ length: character.length }, (_, unit) => escaped(character.charCodeAt(unit))).join(""),
  )

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`

/** The same for a text of several lines: its line ends stay. */
export const visibleLines = (text: string): string => text.split(/\r?\n/u).map(visibleText).join("\n")
