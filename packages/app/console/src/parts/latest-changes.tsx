import { visibleText } from "../../../src/base/visible-text.ts"
import { loanHref } from "../router.ts"
import { useLatestChanges } from "../session.ts"
import { useWords } from "../words/language.ts"
import { StageBadge } from "./stage-badge.tsx"
import { Empty } from "./states.tsx"
import { Time } from "./time.tsx"

/** How many of the latest changes are shown. */
const changesShownMax = 12

/** What has just happened, the newest first. */
export function LatestChanges({ account }: { account: string }) {
  const words = useWords()
  const changes = useLatestChanges()
  const shown = changes.filter((change) => account === "" || change.account === account)
  if (shown.length === 0) return <Empty>{words.overview.noChanges}</Empty>
  return (
    <ol className="changes">
      {shown.slice(0, changesShownMax).map((change) => (
        <li key={change.position}>
          <Time at={change.receivedAt} only="time" />
          <a className="reference" href={loanHref(change.applicationReference)}>
            <bdi>{visibleText(change.applicationReference)}</bdi>
          </a>
          <span className="source">{words.timeline.source[change.source]}</span>
          <StageBadge stage={change.loan.stage} />
        </li>
      ))}
    </ol>
  )
}
