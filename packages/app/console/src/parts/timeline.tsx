import type { EntryJson } from "@loan-engine/app/client"
import { visibleLines, visibleText } from "../../../src/base/visible-text.ts"
import { amount, count, dateTime } from "../format.ts"
import { useLanguage, useWords } from "../words/language.ts"
import { StageBadge } from "./stage-badge.tsx"
import { Time } from "./time.tsx"

/**
 * A loan's journal entries, the newest first. Each shows what was reported, by whom, how far the engine trusts it,
 * and what it changed.
 */
export function Timeline({ entries }: { entries: ReadonlyArray<EntryJson> }) {
  return (
    <ol className="timeline" reversed>
      {entries.toReversed().map((entry) => (
        <Entry key={entry.version} entry={entry} />
      ))}
    </ol>
  )
}

function Entry({ entry }: { entry: EntryJson }) {
  const words = useWords()
  const language = useLanguage()
  return (
    <li className={entry.disposition}>
      <p className="when">
        <Time at={entry.receivedAt} />
        <span className="badge source">{words.timeline.source[entry.source]}</span>
        <span className={`badge evidence ${entry.evidence}`}>{words.timeline.evidence[entry.evidence]}</span>
        <span className={`disposition ${entry.disposition}`}>
          {words.timeline.disposition[entry.disposition]}
        </span>
      </p>
      <ul className="said">
        {entry.events.map((event, index) => (
          <Said key={`${index} ${event.type}`} event={event} />
        ))}
        {entry.requestedSigningMethod !== null && (
          <li>{words.timeline.requestedSigning(visibleText(entry.requestedSigningMethod))}</li>
        )}
      </ul>
      {entry.through !== null && <p className="hint">{words.timeline.through(visibleText(entry.through))}</p>}
      {entry.reason !== null && <p className="held">{words.timeline.hold[entry.reason]}</p>}
      {entry.leftOut.length > 0 && <p className="held">{words.timeline.leftOut(entry.leftOut.join(", "))}</p>}
      <Steps steps={entry.steps} />
      {entry.reversal !== null && <p className="reversal">{words.timeline.reversal[entry.reversal]}</p>}
      {entry.closure !== null && <p className="reversal">{words.timeline.closure[entry.closure]}</p>}
      {entry.repeats > 0 && (
        <p className="hint">
          {words.timeline.again(entry.repeats)}
          {entry.lastRepeatedAt !== null && (
            <>, {words.timeline.lastAgain(dateTime(language, entry.lastRepeatedAt))}</>
          )}
        </p>
      )}
      <details>
        <summary>{words.timeline.details}</summary>
        <dl className="hashes">
          <dt>{words.timeline.recorded}</dt>
          <dd>
            <Time at={entry.recordedAt} />
          </dd>
          <dt>{words.timeline.position}</dt>
          <dd>{count(language, entry.position)}</dd>
          <dt>{words.timeline.digest}</dt>
          <dd>
            <code>{entry.digest}</code>
          </dd>
          <dt>{words.timeline.hash}</dt>
          <dd>
            <code>{entry.hash}</code>
          </dd>
          <dt>{words.timeline.previousHash}</dt>
          <dd>{entry.previousHash === "" ? words.timeline.first : <code>{entry.previousHash}</code>}</dd>
        </dl>
      </details>
    </li>
  )
}

/** The content of one event. Texts from the bank and from operators are shown as plain text, never as HTML. */
function Said({ event }: { event: EntryJson["events"][number] }) {
  const words = useWords()
  const language = useLanguage()
  const { type, offer, requiredDocuments = [], method, decision, by, reason, closedFor, note } = event
  const more = [
    offer?.approvedAmount === undefined ? undefined : amount(language, offer.approvedAmount),
    requiredDocuments.length === 0 ? undefined : visibleText(requiredDocuments.join(", ")),
    method === undefined ? undefined : visibleText(method),
    decision === undefined ? undefined : words.ruling.verdict[decision],
    closedFor === undefined ? undefined : words.closure.reason[closedFor],
    by === undefined ? undefined : words.timeline.ruledBy(visibleText(by)),
  ].filter((each) => each !== undefined)
  return (
    <li>
      {words.timeline.event[type]}
      {more.length > 0 && <span className="more"> · {more.join(" · ")}</span>}
      {reason !== undefined && <q>{visibleLines(reason)}</q>}
      {note !== undefined && <q>{visibleLines(note)}</q>}
    </li>
  )
}

/** The steps that the loan made. A mark shows an inferred step. */
export function Steps({ steps }: { steps: EntryJson["steps"] }) {
  const words = useWords()
  const [first] = steps
  if (first === undefined) return null
  return (
    <ol className="steps">
      <li>
        <StageBadge stage={first.from} />
      </li>
      {steps.map(({ from, to, inferred }, index) => (
        <li key={`${index} ${from} ${to}`} className={inferred ? "inferred" : undefined}>
          <span aria-hidden="true">→</span>
          <StageBadge stage={to} />
          {inferred && <em title={words.timeline.inferredHint}>{words.timeline.inferred}</em>}
        </li>
      ))}
    </ol>
  )
}
