import { stepInWords } from "@loan-engine/app/sandbox/told-life"
import { toldLives } from "../whole/lives/told-lives.ts"

const told = ({ slug, life: { name, story, steps } }: (typeof toldLives)[number]): string =>
  [
    `## ${name}`,
    story,
    steps.map((step, index) => `${index + 1}. ${stepInWords(step)}`).join("\n"),
    `\`npx -y pnpm@12 loan-engine play docs/lives/${slug}.json\``,
  ].join("\n\n")

/** The library of lives, as stories. */
export const livesPage = (): string => `# Loans as they are lived

Each of these lives is a file in [docs/lives](lives). It tells what the bank does, what reaches the engine, and what must stand by then. The tests play all of
them over real HTTP on both stores, and fold what was journaled in a hundred other orders: it must come to the same.

Play one, or all, and watch: \`npx -y pnpm@12 loan-engine play docs/lives/*.json\`. With \`--stay\` the engine goes on serving, and the console shows the
lives. A life of your own is such a file; where it comes out otherwise than you told, the command names the step, and what stands instead.

| step | what happens |
| --- | --- |
| \`bank\` | the bank knows something from here on; nobody is told |
| \`callback\` | a callback reaches the engine: \`times\` how often, \`forged\` without the bank's credentials |
| \`register\` | the merchant registers the loan, with the answer that it has |
| \`ask\` | the bank is asked |
| \`close\`, \`reopen\`, \`rule\` | somebody at the desk does it |
| \`stands\` | this must stand by now, or come to stand by itself; what is left out may be anything |

${toldLives.map(told).join("\n\n")}
`
