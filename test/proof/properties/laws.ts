import type { Law } from "./law.ts"
import { p1 } from "./p1-legal.ts"
import { p2 } from "./p2-confluent.ts"
import { p2Renaming } from "./p2-renaming.ts"
import { p3 } from "./p3-total.ts"
import { p4 } from "./p4-monotone.ts"
import { p5 } from "./p5-agreement.ts"
import { p6 } from "./p6-replay.ts"
import { p7 } from "./p7-evidence.ts"
import { p9 } from "./p9-quiet.ts"

/** Every law that is checked on random cases. The exhaustive search checks P8. */
export const laws: ReadonlyArray<Law> = [
  ...p1,
  ...p2,
  ...p2Renaming,
  ...p3,
  ...p4,
  ...p5,
  ...p6,
  ...p7,
  ...p9,
]
