import { requirements } from "../../proof/report/requirements.ts"

/** How a reviewer checks the engine, with the requirements of the report. */
export const compliancePage = (): string => `# For a reviewer

The list of requirements on this page is written from the code by \`npx -y pnpm@12 test test/docs -u\`.

## What to run

\`\`\`sh
npx -y pnpm@12 compliance
\`\`\`

on a clean checkout writes \`compliance-report/index.html\`, a page that needs no other file, and \`compliance-report/report.json\`, the same for
programs. It exits with 1 if anything does not hold. It takes some minutes, and uses other random seeds each time. The
report names them, and \`LOAN_ENGINE_PROPERTY_SEED\` repeats a run.

## What it shows

- **Every state**: an exhaustive search checks every reachable state of the facts with every event, and every order of six events.
- **Why a finite search is enough**: the lifecycle compares times only by their order, and contents only as equal or not. So each case
  stands for all others in the same order. The run checks this on random lives, and detects code that looks at a value.
- **Lives**: [examples of loans](lives.md), played over real HTTP on both stores.
- **Random traces**: 170,000 of them, with concrete amounts, documents and times, in every order, repeated, lost and late.
- **The whole system, simulated**: sandbox bank, callbacks, polls, crashes and forgers on a virtual clock, thousands of days at once.
- **Real crashes**: engines killed in the middle of their work, and the journal afterwards.
- **That the checks can fail**: each check runs against deliberately broken engines (the canaries), and must detect each of them.

The table that a reviewer signs is \`packages/domain/src/legal-transitions.ts\`. [lifecycle.md](lifecycle.md) shows it with what the
machine does. The machine is written separately, and compared with the table.

## Requirements, and the properties that meet them

| id | requirement | from | properties |
| --- | --- | --- | --- |
${requirements.map(({ id, sentence, source, properties }) => `| ${id} | ${sentence} | ${source} | ${properties.join(", ")} |`).join("\n")}

[ARCHITECTURE.md](../ARCHITECTURE.md) names the proof of each property.

## Evidence about one loan

- \`loan-engine history <reference>\` prints every word of the bank about a loan, its channel, how far it was trusted, and what it did.
- \`loan-engine at <time> <reference>\` prints what was known of the loan at that time.
- \`loan-engine journal verify\` shows that nothing was altered, removed or reordered since.
- \`loan-engine journal export\` prints the whole journal.

[journal.md](journal.md) explains how to check a row by hand, and what \`verify\` cannot find. [security.md](security.md) says who may see and
do what.
`
