import type { Stage } from "./legal-transitions.ts"
import { legalTransitions, stages } from "./legal-transitions.ts"

interface Point {
  readonly x: number
  readonly y: number
}

interface Layout {
  readonly width: number
  readonly height: number
  readonly box: { readonly width: number; readonly height: number }
  /** The middle of each stage's box. */
  readonly places: { readonly [S in Stage]: Point }
  /**
   * Edges that would cross something else if they were straight. Each has the point towards which its curve bends.
   */
  readonly detours: Readonly<Record<string, Point>>
  /** How far apart the two edges are that connect the same stages in both directions. */
  readonly twoWayBend: number
}

/**
 * The normal path runs from left to right, or from top to bottom. Stages that end or stop it are below or beside it.
 */
const layouts = {
  wide: {
    width: 980,
    height: 400,
    box: { width: 150, height: 40 },
    places: {
      submitted: { x: 90, y: 150 },
      manualInspection: { x: 290, y: 60 },
      approved: { x: 490, y: 150 },
      waitingForAddition: { x: 600, y: 40 },
      signed: { x: 710, y: 150 },
      paidOut: { x: 890, y: 150 },
      rejected: { x: 290, y: 260 },
      disputed: { x: 490, y: 350 },
    },
    detours: {
      "submitted disputed": { x: 110, y: 370 },
      "manualInspection disputed": { x: 385, y: 170 },
      "disputed manualInspection": { x: 345, y: 190 },
      "waitingForAddition disputed": { x: 620, y: 220 },
    },
    twoWayBend: 36,
  },
  tall: {
    width: 400,
    height: 560,
    box: { width: 160, height: 44 },
    places: {
      submitted: { x: 100, y: 34 },
      manualInspection: { x: 290, y: 110 },
      approved: { x: 100, y: 210 },
      rejected: { x: 290, y: 210 },
      waitingForAddition: { x: 290, y: 310 },
      signed: { x: 100, y: 410 },
      paidOut: { x: 100, y: 520 },
      disputed: { x: 290, y: 520 },
    },
    detours: {
      "submitted rejected": { x: 180, y: 150 },
      "submitted disputed": { x: -70, y: 330 },
      "manualInspection disputed": { x: 430, y: 310 },
      "disputed manualInspection": { x: 470, y: 300 },
      "rejected disputed": { x: 400, y: 360 },
      "disputed rejected": { x: 192, y: 380 },
      "approved disputed": { x: 205, y: 330 },
      "disputed approved": { x: 160, y: 400 },
    },
    twoWayBend: 24,
  },
} as const satisfies Readonly<Record<string, Layout>>

export type LayoutName = keyof typeof layouts

export interface DrawnStage extends Point {
  readonly stage: Stage
}

export interface DrawnEdge {
  readonly from: Stage
  readonly to: Stage
  /** The `d` of an SVG path, from border to border. */
  readonly path: string
  /** Whether the edge leads into or out of `disputed`. */
  readonly ofDispute: boolean
}

/** The position of every part of the lifecycle's picture, in the units of an SVG's `viewBox`. */
export interface LifecycleDrawing {
  readonly width: number
  readonly height: number
  readonly box: Layout["box"]
  readonly stages: ReadonlyArray<DrawnStage>
  readonly edges: ReadonlyArray<DrawnEdge>
}

/** The lifecycle's picture. Its edges are the table of legal transitions. */
export function lifecycleDrawing(name: LayoutName): LifecycleDrawing {
  const layout: Layout = layouts[name]
  const { width, height, box, places } = layout
  return {
    width,
    height,
    box,
    stages: stages.map((stage) => ({ stage, ...places[stage] })),
    edges: stages.flatMap((from) => legalTransitions[from].map((to) => drawnEdge(layout, from, to))),
  }
}

function drawnEdge({ places, detours, twoWayBend, box }: Layout, from: Stage, to: Stage): DrawnEdge {
  const by = legalTransitions[to].includes(from) ? twoWayBend : 0
  const pull = detours[`${from} ${to}`] ?? bend(places[from], places[to], by)
  const start = border(places[from], pull, box)
  const end = border(places[to], pull, box)
  return {
    from,
    to,
    path: `M${round(start)} Q${round(pull)} ${round(end)}`,
    ofDispute: from === "disputed" || to === "disputed",
  }
}

/** The middle of a line, moved by a distance to the left of the line's direction. */
function bend(from: Point, to: Point, by: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  return {
    x: (from.x + to.x) / 2 + (by * (to.y - from.y)) / length,
    y: (from.y + to.y) / 2 - (by * (to.x - from.x)) / length,
  }
}

/** The point where a line from a box's middle to another point crosses the box's border. */
function border(middle: Point, towards: Point, box: Layout["box"]): Point {
  const dx = towards.x - middle.x
  const dy = towards.y - middle.y
  const scale = Math.min(box.width / 2 / Math.abs(dx || 1e-9), box.height / 2 / Math.abs(dy || 1e-9))
  return { x: middle.x + dx * scale, y: middle.y + dy * scale }
}

const round = ({ x, y }: Point): string => `${Math.round(x)} ${Math.round(y)}`
