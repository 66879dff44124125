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
export const livesPage = (): string => `# Loans as examples

Each section on this page is one loan, from a file in [docs/lives](lives). The file says what the bank does, which messages reach the engine, and
what the engine must know afterwards. The tests play each file over real HTTP, on SQLite and on PostgreSQL. They also decide the same messages in a hundred other
orders: the result must be the same. [glossary.md](glossary.md) explains the terms.

To play all files, run \`npx -y pnpm@12 loan-engine play docs/lives/*.json\`. With \`--stay\`, the engine continues to serve, and the console shows
the loans. You can also write a file of your own. If the engine's result differs from the file, the command names the step and the difference.

A file has these kinds of steps:

| step | what happens |
| --- | --- |
| \`bank\` | the bank changes something about the loan, and tells nobody. With \`clockAheadMinutes\`, the bank signs its callbacks, with the time of its own clock |
| \`callback\` | a callback reaches the engine. \`times\` is how many times it arrives. \`forged\` means that it does not have the bank's credentials |
| \`register\` | the merchant registers the loan, with the bank's answer |
| \`ask\` | the engine polls the bank |
| \`close\`, \`reopen\`, \`rule\` | an operator closes the loan, reopens it, or rules on a dispute |
| \`stands\` | the engine must know this now, or learn it by itself. The file may leave out members |

These are the members of \`stands\`:

| member | meaning |
| --- | --- |
| \`stage\` | the loan's stage |
| \`next\` | who must act, and the action |
| \`offer\`, \`offers\` | the amount of the current offer; the amounts of all offers, the newest last |
| \`signedOffer\`, \`signedWith\` | the amount of the signed offer; the method of the signature |
| \`outstanding\`, \`documents\` | whether documents are outstanding, and which |
| \`registered\`, \`closed\`, \`stalled\` | whether the loan is registered, closed, stalled |
| \`went\` | every stage so far |
| \`told\` | every reversal, closing and reopening so far |

${toldLives.map(told).join("\n\n")}
`
