import { stepInWords } from "@loan-engine/app/sandbox/told-life"
import { toldLives } from "../../whole/lives/told-lives.ts"

const told = ({ slug, life: { name, story, steps } }: (typeof toldLives)[number]): string =>
  [
    `## ${name}`,
    story,
    steps.map((step, index) => `${index + 1}. ${stepInWords(step)}`).join("\n"),
    `\`npx -y pnpm@12 loan-engine play docs/lives/${slug}.json\``,
  ].join("\n\n")

/** The library of lives, as stories. */
export const livesPage = (): string => `# Loans as they are lived

Each of these lives is a file in [docs/lives](lives). It says what the bank does, what reaches the engine, and what the engine must know by then. The tests
play all of them over real HTTP on both stores, and fold the journal in a hundred other orders: the result must be the same.

To play one or all: \`npx -y pnpm@12 loan-engine play docs/lives/*.json\`. With \`--stay\` the engine continues to serve, and the console shows the
lives. You can write your own file. If the engine differs from the file, the command names the step and what the engine knows instead.

| step | what happens |
| --- | --- |
| \`bank\` | the bank knows something from here on, and tells nobody; with \`clockAheadMinutes\`, it signs its callbacks with its own time |
| \`callback\` | a callback reaches the engine; \`times\` is how often, \`forged\` means without the bank's credentials |
| \`register\` | the merchant registers the loan, with the bank's answer |
| \`ask\` | the engine polls the bank |
| \`close\`, \`reopen\`, \`rule\` | an operator does this |
| \`stands\` | the engine must know this now, or learn it by itself; members that are left out may have any value |

${toldLives.map(told).join("\n\n")}
`
