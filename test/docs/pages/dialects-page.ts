import type { Dialect } from "@loan-engine/app/sandbox/dialects/dialect"
import { dialects } from "@loan-engine/app/sandbox/dialects/speaking"
import { detailNames } from "@loan-engine/domain/detail"
import { decimalNotations, ratePercentMax, tenorMonthsMax } from "@loan-engine/domain/written-decimal"

const rowsOf = (language: Dialect["language"]): string =>
  dialects
    .filter((dialect) => dialect.language === language)
    .map(
      ({ name, what, costs, costsAt }) =>
        `| \`${name}\` | ${what} | ${costsAt === undefined ? costs.join(", ") : "amounts such as `1.234`"} |`,
    )
    .join("\n")

/** The notations that the engine reads in addition to the bank's own. */
export const dialectsPage = (): string => `# Dialects

A _dialect_ is a notation of a message that differs from the bank's documentation. This page lists the dialects that the engine reads.
\`npx -y pnpm@12 test test/docs -u\` writes the lists from the code.

Each message has three main parts: reference, event and decision. Everything else in a message is a _detail_. If a detail has exactly one
possible meaning, the engine reads it. If not, the engine leaves out the detail, and the rest of the message still counts. The engine names
each detail that it leaves out in these places:

- the journal's row
- the loan's history, in the API and on the command line
- the console
- the metric \`loan_engine_details_left_out_total\`

If an event or a decision is unknown, the engine holds the message and polls the bank at once.

\`npx -y pnpm@12 start --dialects\` runs a sandbox bank that uses all dialects. Property P11 ([compliance.md](compliance.md)) checks every
combination of them.

## Numbers

| notation | example |
| --- | --- |
${decimalNotations.map(({ name, example }) => `| ${name} | \`${example}\` |`).join("\n")}

Some texts are different numbers in different notations: \`1,234\` and \`1.234\` are examples. The engine reads such a text only if the
limits leave one possible number:

- A rate is less than ${ratePercentMax} per cent.
- A tenor is 1 to ${tenorMonthsMax} months.
- No amount is negative.

A tenor must also be a whole number, so the engine leaves out \`72.5\`. It also leaves out \`1.200\`, which could be 1.2 or 1200.

A number in JSON has only one notation. The engine leaves out a text with a currency, because the currency may not be the account's.

## Details that can be left out

${detailNames.map((name) => `\`${name}\``).join(", ")}.

## Callbacks

| name | what the bank sends | what may be left out |
| --- | --- | --- |
${rowsOf("json")}

## SOAP answers

| name | what the bank sends | what may be left out |
| --- | --- | --- |
${rowsOf("xml")}

The engine finds the encoding of an answer in this order: the byte order mark, the charset of the Content-Type, the XML declaration, or else
UTF-8. If the bytes contradict the named encoding, the engine ignores that name.

These answers are errors, and never count as "nothing new":

- an answer in an unknown encoding
- an answer without any of the members that the bank documents
- an answer in which none of these members has a readable value

Some values of \`signedWithMethod\` mean that there is no signature, such as \`NO\`, \`0\`, \`?\` or \`PENDING\`. The engine leaves out such
a value and names it.
`
