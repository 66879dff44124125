import type { TamperedFile } from "./tampered-file.ts"
import type { Victims } from "./tamperings.ts"

const draw = <A>(from: ReadonlyArray<A>, chance: number): A => {
  const drawn = from[chance % from.length]
  if (drawn === undefined) throw new Error("there is something to draw from")
  return drawn
}

/** Draws the rows and checkpoints for a tampering from a filled store. */
export function victimsOf(
  file: TamperedFile,
  [one = 0, another = 0, third = 0]: ReadonlyArray<number>,
): Victims {
  const checkpoints = file.checkpoints()
  const last = draw(checkpoints.slice(-1), 0)
  const place = 1 + (third % (checkpoints.length - 2))
  const rows = file.rows(`
    position <= ${last.position} AND raw IS NOT NULL AND repeats = 0 AND application_reference <> 'loan-3' AND version <
      (SELECT max(version) FROM journal AS own WHERE own.application_reference = journal.application_reference)`)
  const row = draw(rows, one)
  return {
    file,
    row,
    other: draw(
      rows.filter(({ application_reference }) => application_reference !== row.application_reference),
      another,
    ),
    checkpoint: draw(checkpoints, place),
    next: draw(checkpoints, place + 1),
    last,
  }
}
