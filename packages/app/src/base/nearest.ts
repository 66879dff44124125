/** A name counts as misspelt if at most a third of its letters differ. */
const lettersPerMistake = 3

/** The name that the user probably meant. `undefined` if no name is similar. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of names) {
    const distance = distanceOf(given.toLowerCase(), name.toLowerCase())
    if (distance < (best?.distance ?? Infinity)) best = { name, distance }
  }
  return best !== undefined && best.distance * lettersPerMistake <= best.name.length ? best.name : undefined
}

/** The end of a message about an unknown name. Empty if no name is similar. */
export const didYouMean = (given: string, names: Iterable<string>): string => {
  const meant = nearest(given, names)
  return meant === undefined ? "" : ` Did you mean ${meant}?`
}

/** How many letters must be added, removed or changed to turn one text into the other. */
export function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let at = 0; at < from.length; at++) {
    const next = [at + 1]
    for (let index = 0; index < to.length; index++) {
      const changed = (row[index] ?? 0) + (from[at] === to[index] ? 0 : 1)
      next.push(Math.min(changed, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
