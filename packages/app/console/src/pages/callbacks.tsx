import type { AccountJson } from "@loan-engine/app/client"
import { useCallback } from "react"
import { count, share } from "../format.ts"
import { useLoaded, useRefresh } from "../loaded.ts"
import { Card } from "../parts/card.tsx"
import { CopyButton } from "../parts/copy-button.tsx"
import { HealthBadge, HealthBar } from "../parts/health.tsx"
import { Failure, Loading } from "../parts/states.tsx"
import { Distance } from "../parts/time.tsx"
import { useSession } from "../session.ts"
import { useLanguage, useWords } from "../words/language.ts"

/** The health of every account's callbacks, and the command that shows the details. */
export function Callbacks() {
  const words = useWords()
  const language = useLanguage()
  const { client } = useSession()
  const { value, error, reload } = useLoaded(useCallback(() => client.accounts(), [client]))
  useRefresh(reload)
  const days = value?.[0]?.callbacks.days
  return (
    <>
      <h1>{words.pages.callbacks}</h1>
      {days !== undefined && <p className="lead">{words.callbacks.hint(count(language, days))}</p>}
      {error !== undefined && <Failure error={error} retry={reload} />}
      {value === undefined && error === undefined && <Loading />}
      <div className="accounts">
        {value?.map((account) => (
          <Account key={account.name} account={account} />
        ))}
      </div>
    </>
  )
}

const counted = ["byCallback", "byPoll", "late", "awaited", "missed", "forged", "unauthorized"] as const

function Account({ account: { name, callbacks } }: { account: AccountJson }) {
  const words = useWords()
  const language = useLanguage()
  return (
    <Card title={name} aside={<HealthBadge callbacks={callbacks} />}>
      {callbacks.alarming && <p className="notice danger">{words.callbacks.alarmText}</p>}
      {callbacks.state === "late" && <p className="notice">{words.callbacks.lateText}</p>}
      <HealthBar callbacks={callbacks} />
      <p className="hint">{words.callbacks.share(share(language, callbacks.missedRate))}</p>
      <dl className="counts">
        {counted.map((each) => (
          <div key={each}>
            <dt>{words.callbacks[each]}</dt>
            <dd>{count(language, callbacks[each])}</dd>
          </div>
        ))}
        <div>
          <dt>{words.callbacks.last}</dt>
          <dd>
            {callbacks.lastCallbackAt === null ? (
              words.callbacks.never
            ) : (
              <Distance to={callbacks.lastCallbackAt} isPast />
            )}
          </dd>
        </div>
      </dl>
      <p className="command">
        <span>{words.callbacks.command}</span> <code>{callbacks.command}</code>{" "}
        <CopyButton text={callbacks.command} />
      </p>
    </Card>
  )
}
