/** White space of any kind, and what is not to be seen at all. */
const blank = /^[\s\u200B\u2060]$/u

/** A text without the blanks around it. It looks at each sign once: a pattern for the end would begin anew at every blank within. */
export function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && blank.test(text.charAt(start))) start++
  while (end > start && blank.test(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
