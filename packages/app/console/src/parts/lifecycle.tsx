import type { Stage } from "@loan-engine/domain/legal-transitions"
import { lifecycleDrawing } from "@loan-engine/domain/lifecycle-drawing"
import type { DrawnEdge, DrawnStage } from "@loan-engine/domain/lifecycle-drawing"
import { useId, useSyncExternalStore } from "react"
import type { ReactNode } from "react"
import type { Way } from "../way.ts"
import { edgeName } from "../way.ts"
import { useWords } from "../words/language.ts"

const wideQuery = window.matchMedia("(min-width: 1080px)")
const subscribe = (listener: () => void): (() => void) => {
  wideQuery.addEventListener("change", listener)
  return () => wideQuery.removeEventListener("change", listener)
}
const useLayout = () => useSyncExternalStore(subscribe, () => (wideQuery.matches ? "wide" : "tall"))

interface PictureProps {
  readonly label: string
  readonly role: "img" | "group"
  readonly way?: Way
  /** The content of a stage in addition to its box. */
  readonly stage: (drawn: DrawnStage, box: ReactNode) => ReactNode
}

/** Draws the lifecycle from the table of legal transitions. If `way` is given, the loan's own path is highlighted. */
export function LifecyclePicture({ label, role, way, stage }: PictureProps) {
  const id = useId()
  const { width, height, box, stages, edges } = lifecycleDrawing(useLayout())
  // Highlighted edges are drawn last, above the others.
  const drawn = edges.toSorted((a, b) => Number(isLit(way, a)) - Number(isLit(way, b)))
  return (
    <svg className="lifecycle" viewBox={`0 0 ${width} ${height}`} role={role} aria-label={label}>
      <defs>
        {(["open", "walked", "inferred"] as const).map((kind) => (
          <marker
            key={kind}
            id={`${id}-${kind}`}
            className={`arrow ${kind}`}
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="7"
            markerHeight="7"
            markerUnits="userSpaceOnUse"
            orient="auto-start-reverse"
          >
            <path d="M0 1 9 5 0 9z" />
          </marker>
        ))}
      </defs>
      {drawn.map((edge) => {
        const kind = way?.edges.get(edgeName(edge)) ?? "open"
        return (
          <path
            key={edgeName(edge)}
            className={`edge ${kind} ${edge.ofDispute ? "of-dispute" : ""}`}
            d={edge.path}
            markerEnd={`url(#${id}-${kind})`}
          />
        )
      })}
      {stages.map((each) =>
        stage(
          each,
          <rect
            x={each.x - box.width / 2}
            y={each.y - box.height / 2}
            width={box.width}
            height={box.height}
            rx="9"
          />,
        ),
      )}
    </svg>
  )
}

const isLit = (way: Way | undefined, edge: DrawnEdge): boolean => way?.edges.has(edgeName(edge)) ?? false

/** Draws one loan's path through the lifecycle. */
export function LoanLifecycle({ way, current }: { way: Way; current: Stage }) {
  const words = useWords()
  const named = way.stops.map(({ stage, inferred }) =>
    inferred ? `${words.stage[stage]} (${words.timeline.inferred})` : words.stage[stage],
  )
  return (
    <>
      <LifecyclePicture
        label={words.loan.pathText(named.join(" → "))}
        role="img"
        way={way}
        stage={({ stage, x, y }, box) => (
          <g
            key={stage}
            className={`node stage-${stage} ${way.stages.has(stage) ? "visited" : ""} ${stage === current ? "current" : ""}`}
          >
            {box}
            <text x={x} y={y + 5}>
              {words.stage[stage]}
            </text>
          </g>
        )}
      />
      <ul className="legend" aria-hidden="true">
        {(["walked", "inferred", "open"] as const).map((kind) => (
          <li key={kind}>
            <svg viewBox="0 0 28 8">
              <path className={`edge ${kind}`} d="M1 4H27" />
            </svg>
            {words.loan.pathLegend[kind]}
          </li>
        ))}
      </ul>
    </>
  )
}
