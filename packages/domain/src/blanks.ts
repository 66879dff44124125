/** White space of any kind, and invisible characters. */
const blank = /^[\s\u200B\u2060]$/u

/**
 * The text without the blanks around it. It reads each character once. A regular expression for the end of the text
 * would start again at every blank inside it.
 */
export function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && blank.test(text.charAt(start))) start++
  while (end > start && blank.test(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
