/** Control characters, marks that hide the text around them or change its direction, and unusual line ends. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Makes foreign text safe to show. Invisible characters, and characters that change the place or direction of other
 * text, are written as JSON escapes. So the text stays on one line and in its order. As JSON, it still means the same
 * text.
 */
export const visibleText = (text: string): string =>
  text.replaceAll(unseen, (character) =>
    Array.from({ length: character.length }, (_, unit) => escaped(character.charCodeAt(unit))).join(""),
  )

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`

/** Like {@link visibleText}, for a text of several lines: its line ends stay. */
export const visibleLines = (text: string): string => text.split(/\r?\n/u).map(visibleText).join("\n")
