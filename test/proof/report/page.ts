import { lifecycleSvg } from "../../docs/pages/lifecycle-svg.ts"
import { stages } from "@loan-engine/domain/legal-transitions"
import type { Proof } from "../properties/law.ts"
import type { Mutation, PropertyResult, Report } from "./report.ts"
import { mutationScoreMin } from "./report.ts"
import { requirements } from "./requirements.ts"
import { style } from "./style.ts"

/** The report as one page. It needs no network and no script, and prints as it is shown. */
export const page = (report: Report): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Loan engine: compliance report, ${escape(report.date)}</title>
<style>${style}</style>
</head>
<body>
<main>
${[
  header(report),
  lifecycle(),
  propertiesTable(report),
  exhaustive(report),
  matrix(report),
  requirementsTable(report),
  canaries(report),
  mutation(report.mutation),
  counterexamples(report),
  reproduce(report),
].join("\n")}
</main>
</body>
</html>
`

function header(report: Report): string {
  const passed = report.result === "passed"
  const held = report.properties.filter(({ result }) => result === "passed").length
  const verdict = passed
    ? `Passed: all ${held} properties hold.`
    : `Failed: ${report.failures.length} ${report.failures.length === 1 ? "finding" : "findings"}, listed below.`
  return `<h1>Loan engine: compliance report</h1>
<p class="verdict ${report.result}">${verdict}</p>
<p>Loan engine keeps one record of where each loan application stands at the bank. It hears of a loan by callbacks, which come late,
twice, in any order or from somebody else, and by polling, which shows a part only. This report shows what was checked so that, even if any of that
arrives, no loan takes a step that the table below does not allow, nothing the bank said is lost, and nothing untrusted is believed.</p>
${definitions([
  ["Version", report.version],
  ["Commit", report.commit],
  ["Date", report.date],
  ["Seed", String(report.seed)],
  ["Platform", report.platform],
  ["Took", `${(report.tookMs / 1_000).toFixed(0)} s`],
  ["Command", report.command],
])}`
}

const lifecycle = (): string => `<section><h2>1. The lifecycle</h2>
<p>Drawn from the table of legal transitions. A solid line is a step forward; a dashed one leads into, or out of, a dispute: the bank
has said things that cannot all be true, and a person or the bank itself must rule.</p>
<figure>${lifecycleSvg()}</figure></section>`

const means: { readonly [M in Proof["means"]]: string } = {
  exhaustive: "every case there is",
  random: "random cases",
  simulation: "whole-system simulation",
  crash: "a real process, killed under load",
  tampering: "a real file, tampered with in every way",
  definition: "the definition itself",
}

function propertiesTable({ properties }: Report): string {
  return `<section><h2>2. What always holds</h2>
<table><thead><tr><th>Id</th><th>Property</th><th>Result</th><th class="number">Cases</th><th>Shown by</th></tr></thead><tbody>
${properties.map(propertyRow).join("\n")}
</tbody></table></section>`
}

function propertyRow({ id, sentence, result, cases, proofs }: PropertyResult): string {
  const from = requirements
    .filter((requirement) => requirement.properties.includes(id))
    .map((requirement) => requirement.id)
  const shown = grouped(proofs).map(
    ({ means: by, cases: tried, tests }) =>
      `<li>${means[by]}, ${amount(tried)}: <span class="test">${tests.map(escape).join("; ")}</span></li>`,
  )
  return `<tr id="${id}"><td><strong>${id}</strong></td><td>${escape(sentence)}<br><small>From ${from.map(link).join(", ")}</small></td>
<td>${badge(result)}</td><td class="number">${amount(cases)}</td>
<td><ul>${shown.join("")}</ul></td></tr>`
}

/** Lists many similar tests of one file together, such as one test for each seed. */
function grouped(proofs: PropertyResult["proofs"]) {
  const groups = Map.groupBy(proofs, ({ means: by, file }) => `${by} ${file}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    if (group.length <= toldApartMax) {
      return group.map(({ means: by, cases, file, test }) => ({
        means: by,
        cases,
        tests: [`${test} (${file})`],
      }))
    }
    const cases = group.reduce((sum, proof) => sum + proof.cases, 0)
    return [
      {
        means: first.means,
        cases,
        tests: [`${group.length} tests of ${first.file}, such as: ${first.test}`],
      },
    ]
  })
}

const toldApartMax = 5

const exhaustive = ({
  exhaustive: { snapshots, events, steps, illegalReached },
}: Report): string => `<section><h2>3. The exhaustive check</h2>
<p>What a loan's steps depend on is finite once times are reduced to their order. So every situation that a loan can ever be in was visited,
and every kind of event, at every place in the order of what was heard before, was tried on each. Nothing was sampled.</p>
<p>Why so many are enough: the lifecycle compares times by their order alone, and contents (offers, documents, names) by their text alone. So other
times in the same order, and other contents in the same order, come to the same but for the names, and each case stands for all of these. That
is checked by itself, on random lives (P2), and lifecycles that look at an amount, or at how far two times lie apart, are among those
that must be found. One thing goes by a distance: an answer clears a request for documents only if it was asked for some time later. It is taken off before the
lifecycle sees the answer; its boundary has tests of its own.</p>
${definitions([
  ["Situations visited", amount(snapshots)],
  ["Events tried on them", amount(events)],
  ["Steps taken", amount(steps)],
  ["Illegal steps", amount(illegalReached)],
])}</section>`

function matrix({ transitions }: Report): string {
  const cell = (from: string, to: string): string => {
    const found = transitions.find((transition) => transition.from === from && transition.to === to)
    if (found === undefined) return "<td></td>"
    const { legal, count } = found
    const wrong = legal === (count === 0) ? " wrong" : ""
    const words = legal
      ? `legal<br><strong>${amount(count)}</strong>`
      : count === 0
        ? "never"
        : `<strong>${amount(count)}</strong>`
    return `<td class="${legal ? "legal" : "illegal"}${wrong}">${words}</td>`
  }
  return `<section><h2>4. Every pair of stages</h2>
<p>The table of legal transitions beside what was seen in the exhaustive check. Read from left to top: a loan at the stage on the left stepped to the one
at the top so many times. An illegal pair is “never” if no sequence of events reaches it.</p>
<div class="wide"><table class="matrix"><thead><tr><th>from \\ to</th>${stages.map((to) => `<th>${to}</th>`).join("")}</tr></thead><tbody>
${stages.map((from) => `<tr><th>${from}</th>${stages.map((to) => cell(from, to)).join("")}</tr>`).join("\n")}
</tbody></table></div></section>`
}

const requirementsTable = ({ properties }: Report): string => `<section><h2>5. Where it comes from</h2>
<table><thead><tr><th>Id</th><th>Requirement</th><th>Source</th><th>Shown by</th><th>Result</th></tr></thead><tbody>
${requirements
  .map(({ id, sentence, source, properties: by }) => {
    const held = by.every((property) =>
      properties.some((one) => one.id === property && one.result === "passed"),
    )
    return `<tr id="${id}"><td><strong>${id}</strong></td><td>${escape(sentence)}</td><td>${escape(source)}</td><td>${by.map(link).join(", ")}</td><td>${badge(held ? "passed" : "failed")}</td></tr>`
  })
  .join("\n")}
</tbody></table></section>`

const canaries = ({ canaries: fates }: Report): string => `<section><h2>6. Would it notice?</h2>
<p>A check that cannot fail proves nothing. So the lifecycle and the engine were broken on purpose, one way at a time, and the same checks were run on
each. All of them must be noticed.</p>
<table><thead><tr><th>Broken on purpose</th><th>How</th><th>Noticed by</th></tr></thead><tbody>
${fates
  .map(
    ({ name, what, killedBy }) =>
      `<tr><td>${escape(name)}</td><td>${escape(what)}</td><td>${killedBy.length === 0 ? badge("failed") : killedBy.map(link).join(", ")}</td></tr>`,
  )
  .join("\n")}
</tbody></table></section>`

function mutation(found: Mutation | null): string {
  const text =
    found === null
      ? "<p>Not run this time; add <code>--mutation</code> to run it.</p>"
      : `<p>${found.killed} of ${found.total} small changes to the domain's code were noticed by its tests: a score of ${found.score} % (at least ${mutationScoreMin} % is asked for).
Those that were not noticed change nothing that can be observed, for the reason given.</p>
<ul>${found.survivors.map(({ mutant, reason }) => `<li><code>${escape(mutant)}</code>: ${escape(reason ?? "no reason given")}</li>`).join("")}</ul>`
  return `<section><h2>7. Mutation testing</h2>${text}</section>`
}

const counterexamples = ({ failures }: Report): string => `<section><h2>8. Counterexamples</h2>
${failures.length === 0 ? "<p>None.</p>" : failures.map((failure) => `<pre>${escape(failure)}</pre>`).join("\n")}</section>`

const reproduce = ({ commit, seed, command }: Report): string => `<section><h2>9. To see it again</h2>
<p>On any machine with Node 20 or newer and git, nothing else:</p>
<pre>git clone &lt;this repository&gt; loan-engine &amp;&amp; cd loan-engine
git checkout ${escape(commit.split(" ")[0] ?? commit)}
${escape(command)}${command.includes("--seed") ? "" : ` --seed ${seed}`}</pre>
<p>The random cases follow from the seed; the exhaustive check has no randomness in it. The same figures are in <code>report.json</code> beside this page.</p></section>`

const definitions = (rows: ReadonlyArray<readonly [string, string]>): string =>
  `<dl>${rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${escape(value)}</dd></div>`).join("")}</dl>`

const badge = (result: "passed" | "failed"): string =>
  `<span class="badge ${result}">${result === "passed" ? "holds" : "broken"}</span>`

const link = (id: string): string => `<a href="#${id}">${id}</a>`

const amount = (value: number): string => value.toLocaleString("en")

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
