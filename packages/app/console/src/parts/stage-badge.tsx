import type { Stage } from "@loan-engine/domain/legal-transitions"
import { useWords } from "../words/language.ts"

/** A shape for each stage. The shape tells the stages apart without colours. */
const shapes: { readonly [S in Stage]: string } = {
  submitted: "M6 1.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 0 0 0-9",
  manualInspection: "M5 1.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 0 0 0-7M7.500 7.500l3 3",
  approved: "M1.500 6.500l3 3l6-7",
  rejected: "M2 2l8 8M10 2l-8 8",
  waitingForAddition: "M6 1.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 0 0 0-9M6 3.500v3h2",
  signed: "M1.500 10.500h9M2.500 8l1-3l5-4l1.500 1.500l-4.500 4.500z",
  paidOut: "M1.500 6l3 3l3-4M5.500 9l5-6",
  disputed: "M6 1l5 9.500h-10zM6 4.500v2.500M6 8.900v.1",
}

export function StageBadge({ stage }: { stage: Stage }) {
  const words = useWords()
  return (
    <span className={`badge stage-${stage}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={shapes[stage]} />
      </svg>
      {words.stage[stage]}
    </span>
  )
}
