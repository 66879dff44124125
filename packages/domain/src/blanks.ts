/** White space of any kind, and invisible characters. */
const blank = /^[\s\u200B\u2060]$/u

/**
 * The text without blanks at its start and end. This function reads each character once. A regular expression would
 * be slower: it would search for the end again at each blank inside the text.
 */
export function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && blank.test(text.charAt(start))) start++
  while (end > start && blank.test(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
