import { requirements } from "../../proof/report/requirements.ts"

/** How a reviewer checks the engine, with the requirements of the report. */
export const compliancePage = (): string => `# For a reviewer

This page is for a compliance reviewer: what to run, what the run shows, and which requirement each property meets.
\`npx -y pnpm@12 test test/docs -u\` writes this page from the code. [glossary.md](glossary.md) explains the terms.

## What to run

On a clean checkout, run:

\`\`\`sh
npx -y pnpm@12 compliance
\`\`\`

The run takes some minutes. It writes two reports with the same content: \`compliance-report/index.html\`, a page that needs no other file,
and \`compliance-report/report.json\`, for programs. If a property does not hold, the run exits with code 1.

Each run uses other random seeds. The report names the seeds, and \`LOAN_ENGINE_PROPERTY_SEED\` repeats a run.

## What it shows

- **Every state**: an exhaustive search tries every event in every reachable state of a loan's facts, and every order of six events.
- **Why a finite search is enough**: the lifecycle only compares which time is earlier, and whether two contents are equal. So one case
  stands for all cases with the same order of times. The run checks this on random loans, and detects code that reads a value.
- **Example loans**: the run plays [examples of loans](lives.md) over real HTTP, on SQLite and on PostgreSQL.
- **Random traces**: 170,000 random lists of events, with concrete amounts, documents and times. The events are in every order, repeated,
  lost and late.
- **The whole system, simulated**: a sandbox bank, callbacks, polls, crashes and forgers run on a virtual clock. The run simulates thousands of days.
- **Real crashes**: the run kills engines in the middle of their work, and then checks the journal.
- **The checks can fail**: each check also runs against deliberately broken engines (the canaries), and must detect each of them.

A reviewer signs the table in \`packages/domain/src/legal-transitions.ts\`. [lifecycle.md](lifecycle.md) shows this table beside the
machine's behaviour. The machine is separate code, and a test compares it with the table.

## Requirements, and the properties that meet them

| id | requirement | from | properties |
| --- | --- | --- | --- |
${requirements.map(({ id, sentence, source, properties }) => `| ${id} | ${sentence} | ${source} | ${properties.join(", ")} |`).join("\n")}

[ARCHITECTURE.md](../ARCHITECTURE.md#invariants-and-what-proves-each) explains each property, and names the tests that prove it.

## Evidence about one loan

- \`loan-engine history <reference>\` prints every observation of a loan: its source, its evidence, and its effect.
- \`loan-engine at <time> <reference>\` prints what the engine knew about the loan at that time.
- \`loan-engine journal verify\` shows that nobody has altered, removed or reordered a row.
- \`loan-engine journal export\` prints the whole journal.

[journal.md](journal.md) explains how to check a row by hand, and what \`verify\` cannot detect. [security.md](security.md) says who may
read and do what.
`
