import { requirements } from "../proof/report/requirements.ts"

/** How a reviewer checks the engine, with the requirements as the report has them. */
export const compliancePage = (): string => `# For a reviewer

The list of requirements on this page is written from the code by \`npx -y pnpm@12 test test/docs -u\`.

## What to run

\`\`\`sh
npx -y pnpm@12 compliance
\`\`\`

on a clean checkout writes \`compliance-report/index.html\`, one page that holds all it needs, and \`compliance-report/report.json\`, the same for
programs; it ends with exit code 1 if anything does not hold. It takes some minutes, and with other random seeds each time; the
report names them, and \`LOAN_ENGINE_PROPERTY_SEED\` repeats a run.

## What it shows

- **Every situation**: the finite picture of the facts is walked through exhaustively, every reachable situation upon every event, and
  every order of six events.
- **Why finitely many are enough**: the lifecycle compares times by their order alone and contents by their text alone, so each case stands for all others
  in the same order. That is checked on random lives, and what looks at a value is found.
- **Lives**: [loans as they are lived](lives.md), played over real HTTP on both stores.
- **Random traces**: long lives with concrete amounts, documents and times, in every order, repeated, lost and late.
- **The whole system, simulated**: sandbox bank, callbacks, polls, crashes, forgers and a clock of its own, thousands of days at once.
- **Real crashes**: engines killed in the middle of their work, and the journal afterwards.
- **That the checks can fail**: each is run against engines that are broken on purpose (the canaries), and each of those must be found out.

The table that a reviewer signs is \`packages/domain/src/legal-transitions.ts\`; [lifecycle.md](lifecycle.md) shows it with what the
machine does. The machine is written apart from it and compared with it.

## What is asked, and what answers

| id | requirement | from | properties |
| --- | --- | --- | --- |
${requirements.map(({ id, sentence, source, properties }) => `| ${id} | ${sentence} | ${source} | ${properties.join(", ")} |`).join("\n")}

[ARCHITECTURE.md](../ARCHITECTURE.md) says of each property where it is proven.

## Evidence about one loan

\`loan-engine history <reference>\` prints every word that the bank said about a loan, by which channel, how far it was trusted, and what it
did; \`loan-engine at <reference> <time>\` what was known at a moment. \`loan-engine journal verify\` shows that nothing was altered, removed or
reordered since, and \`journal export\` hands all of it over. [journal.md](journal.md) tells how a row is checked by hand, and what cannot be
found. Who may see and do what is in [security.md](security.md).
`
