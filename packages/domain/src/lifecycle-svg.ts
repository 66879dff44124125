import type { Stage } from "./legal-transitions.ts"
import { legalTransitions, stages } from "./legal-transitions.ts"

interface Point {
  readonly x: number
  readonly y: number
}

const width = 980
const height = 400
const box = { width: 150, height: 40 }

/** Where each stage stands in the picture: the good way from left to right, what ends or stops it below. */
const places: { readonly [S in Stage]: Point } = {
  submitted: { x: 90, y: 150 },
  manualInspection: { x: 290, y: 60 },
  approved: { x: 490, y: 150 },
  waitingForAddition: { x: 600, y: 40 },
  signed: { x: 710, y: 150 },
  paidOut: { x: 890, y: 150 },
  rejected: { x: 290, y: 260 },
  disputed: { x: 490, y: 350 },
}

/** The edges that a straight line would draw through something else, and the point that pulls them aside. */
const detours: Readonly<Record<string, Point>> = {
  "submitted disputed": { x: 110, y: 370 },
  "manualInspection disputed": { x: 385, y: 170 },
  "waitingForAddition disputed": { x: 620, y: 220 },
}

/** How far two edges that run both ways between the same stages keep from one another. */
const twoWayBend = 36

/**
 * The lifecycle as a self-contained SVG, drawn from the table of legal transitions. Steps into and out of the dispute are
 * dashed. `lit` names the stages a loan has been through, to show its own way.
 */
export function lifecycleSvg(lit: ReadonlySet<Stage> = new Set()): string {
  const edges = stages.flatMap((from) => legalTransitions[from].map((to) => edgeSvg(from, to)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}" font-family="system-ui, sans-serif" font-size="13">`,
    `<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#5b6472"/></marker></defs>`,
    ...edges,
    ...stages.map((stage) => stageSvg(stage, lit.has(stage))),
    "</svg>",
    "",
  ].join("\n")
}

const description = "The lifecycle of a loan: its stages and every legal step between them"

function stageSvg(stage: Stage, isLit: boolean): string {
  const { x, y } = places[stage]
  const left = x - box.width / 2
  const top = y - box.height / 2
  const fill = isLit ? "#cfe8d5" : stage === "disputed" ? "#fbe9e7" : "#f4f6f9"
  return (
    `<rect x="${left}" y="${top}" width="${box.width}" height="${box.height}" rx="8" fill="${fill}" stroke="#5b6472"/>` +
    `<text x="${x}" y="${y + 5}" text-anchor="middle" fill="#16191d">${stage}</text>`
  )
}

function edgeSvg(from: Stage, to: Stage): string {
  const pull = detours[`${from} ${to}`] ?? bend(places[from], places[to], isTwoWay(from, to) ? twoWayBend : 0)
  const start = border(places[from], pull)
  const end = border(places[to], pull)
  const dash = from === "disputed" || to === "disputed" ? ' stroke-dasharray="5 4"' : ""
  const path = `M${round(start)} Q${round(pull)} ${round(end)}`
  return `<path d="${path}" fill="none" stroke="#5b6472"${dash} marker-end="url(#arrow)"><title>${from} to ${to}</title></path>`
}

const isTwoWay = (from: Stage, to: Stage): boolean => legalTransitions[to].includes(from)

/** The middle of a line, moved to its left by a distance. */
function bend(from: Point, to: Point, by: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  return {
    x: (from.x + to.x) / 2 + (by * (to.y - from.y)) / length,
    y: (from.y + to.y) / 2 - (by * (to.x - from.x)) / length,
  }
}

/** Where a line from a stage's middle towards a point leaves its box. */
function border(middle: Point, towards: Point): Point {
  const dx = towards.x - middle.x
  const dy = towards.y - middle.y
  const scale = Math.min(box.width / 2 / Math.abs(dx || 1e-9), box.height / 2 / Math.abs(dy || 1e-9))
  return { x: middle.x + dx * scale, y: middle.y + dy * scale }
}

const round = ({ x, y }: Point): string => `${Math.round(x)} ${Math.round(y)}`
