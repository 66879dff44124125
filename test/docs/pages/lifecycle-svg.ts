import type { Stage } from "../../../packages/domain/src/legal-transitions.ts"
import { lifecycleDrawing } from "../../../packages/domain/src/lifecycle-drawing.ts"
import type {
  DrawnEdge,
  DrawnStage,
  LifecycleDrawing,
} from "../../../packages/domain/src/lifecycle-drawing.ts"

/**
 * The lifecycle as a self-contained SVG, drawn from the table of legal transitions. Steps into and out of the dispute
 * are dashed. `lit` names the stages a loan has been through, to show its own way.
 */
export function lifecycleSvg(lit: ReadonlySet<Stage> = new Set()): string {
  const drawing = lifecycleDrawing("wide")
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" aria-label="${description}" font-family="system-ui, sans-serif" font-size="13">`,
    `<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#5b6472"/></marker></defs>`,
    ...drawing.edges.map(edgeSvg),
    ...drawing.stages.map((drawn) => stageSvg(drawn, drawing.box, lit.has(drawn.stage))),
    "</svg>",
    "",
  ].join("\n")
}

const description = "The lifecycle of a loan: its stages and every legal step between them"

function stageSvg({ stage, x, y }: DrawnStage, box: LifecycleDrawing["box"], isLit: boolean): string {
  const left = x - box.width / 2
  const top = y - box.height / 2
  const fill = isLit ? "#cfe8d5" : stage === "disputed" ? "#fbe9e7" : "#f4f6f9"
  return (
    `<rect x="${left}" y="${top}" width="${box.width}" height="${box.height}" rx="8" fill="${fill}" stroke="#5b6472"/>` +
    `<text x="${x}" y="${y + 5}" text-anchor="middle" fill="#16191d">${stage}</text>`
  )
}

function edgeSvg({ from, to, path, ofDispute }: DrawnEdge): string {
  const dash = ofDispute ? ' stroke-dasharray="5 4"' : ""
  return `<path d="${path}" fill="none" stroke="#5b6472"${dash} marker-end="url(#arrow)"><title>${from} to ${to}</title></path>`
}
