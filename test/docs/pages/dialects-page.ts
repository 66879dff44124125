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

The lists on this page are written from the code by \`npx -y pnpm@12 test test/docs -u\`.

Reference, event and decision are the *word*. Everything else is a *detail*. The engine reads a detail that has one meaning. It
leaves out a detail that has none or several, and names it: on the journal's row, in the history of the API and the command line, in the
console, and in the metric \`loan_engine_details_left_out_total\`. The word stands without it. An unknown event or decision is kept,
held, and confirmed with the bank at once.

\`npx -y pnpm@12 start --dialects\` runs a sandbox bank that speaks all of them. Property P11 checks every composition of them.

## Numbers

| notation | example |
| --- | --- |
${decimalNotations.map(({ name, example }) => `| ${name} | \`${example}\` |`).join("\n")}

If two notations read a text as different numbers, such as \`1,234\` or \`1.234\`, it has no single meaning, unless only one of them is
possible: a rate is less than ${ratePercentMax} per cent, a tenor is 1 to ${tenorMonthsMax} months, and no amount is negative. A tenor must also be a
whole number: \`72.5\` is not, and \`1.200\` could be 1.2 or 1200. A JSON number has one notation. A text with a currency is left out, because the currency may not be the account's.

## Names that can be left out

${detailNames.map((name) => `\`${name}\``).join(", ")}.

## Callbacks

| name | what the bank sends | what may be left out |
| --- | --- | --- |
${rowsOf("json")}

## SOAP answers

| name | what the bank sends | what may be left out |
| --- | --- | --- |
${rowsOf("xml")}

The encoding of an answer comes from the byte order mark, then the Content-Type's charset, then the XML declaration; otherwise it is UTF-8. The engine ignores an encoding that
the bytes contradict. An unknown encoding is an error. So is an answer without any of the members that the bank
documents, and one in which none of them has a readable value: neither counts as "nothing new". A \`signedWithMethod\` that says
that there is none, such as \`NO\`, \`0\`, \`?\` or \`PENDING\`, is no signature. The engine leaves it out and names it.
`
