import { stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { AccountJson } from "@loan-engine/app/client"
import { useCallback, useState } from "react"
import { count, share } from "../format.ts"
import { useLoaded, useRefresh } from "../loaded.ts"
import { Card } from "../parts/card.tsx"
import { HealthBadge, HealthBar } from "../parts/health.tsx"
import { LatestChanges } from "../parts/latest-changes.tsx"
import { LifecyclePicture } from "../parts/lifecycle.tsx"
import { Empty, Failure, Loading } from "../parts/states.tsx"
import { loansHref, pageHref } from "../router.ts"
import { useSession } from "../session.ts"
import { useLanguage, useWords } from "../words/language.ts"

/** The state of all loans, and the loans that wait for a person. */
export function Overview() {
  const words = useWords()
  const { client } = useSession()
  const { value, error, reload } = useLoaded(useCallback(() => client.accounts(), [client]))
  useRefresh(reload)
  const [chosen, setChosen] = useState("")
  const accounts = (value ?? []).filter(({ name }) => chosen === "" || name === chosen)
  const total = sum(accounts.flatMap(({ loans, closed }) => [...stages.map((stage) => loans[stage]), closed]))
  return (
    <>
      <div className="heading">
        <h1>{words.pages.overview}</h1>
        {value !== undefined && value.length > 1 && (
          <select
            aria-label={words.overview.account}
            value={chosen}
            onChange={({ target }) => setChosen(target.value)}
          >
            <option value="">{words.overview.allAccounts}</option>
            {value.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </div>
      {error !== undefined && <Failure error={error} retry={reload} />}
      {value === undefined && error === undefined && <Loading />}
      {value !== undefined && (
        <>
          <Tiles accounts={accounts} total={total} />
          <Card title={words.overview.picture} className="stages">
            {total === 0 && <Empty>{words.overview.empty}</Empty>}
            <StagesPicture accounts={accounts} account={chosen} />
          </Card>
          <div className="columns">
            <Card title={words.overview.changes}>
              <LatestChanges account={chosen} />
            </Card>
            <Card title={words.pages.callbacks}>
              <ul className="healths">
                {accounts.map((account) => (
                  <AccountHealth key={account.name} account={account} />
                ))}
              </ul>
            </Card>
          </div>
        </>
      )}
    </>
  )
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((one, other) => one + other, 0)

function Tiles({ accounts, total }: { accounts: ReadonlyArray<AccountJson>; total: number }) {
  const words = useWords()
  const disputed = sum(accounts.map(({ loans }) => loans.disputed))
  const stalled = sum(accounts.map((account) => account.stalled))
  const alarms = accounts.filter(({ callbacks }) => callbacks.alarming).length
  return (
    <ul className="tiles">
      <Tile label={words.overview.total} value={total} href={pageHref("loans")} />
      <Tile label={words.overview.disputed} value={disputed} href={pageHref("disputes")} alerts />
      <Tile label={words.overview.stalled} value={stalled} href={pageHref("stalled")} alerts />
      <Tile label={words.overview.alarms} value={alarms} href={pageHref("callbacks")} alerts />
    </ul>
  )
}

interface TileProps {
  readonly label: string
  readonly value: number
  readonly href: string
  readonly alerts?: boolean
}

function Tile({ label, value, href, alerts = false }: TileProps) {
  const language = useLanguage()
  return (
    <li className={alerts && value > 0 ? "tile alerting" : "tile"}>
      <a href={href}>
        <span className="label">{label}</span>
        <span className="value">{count(language, value)}</span>
      </a>
    </li>
  )
}

/** The lifecycle with the number of loans at each stage. Each number links to its loans. */
function StagesPicture({ accounts, account }: { accounts: ReadonlyArray<AccountJson>; account: string }) {
  const words = useWords()
  const language = useLanguage()
  const loansAt = (stage: Stage): number => sum(accounts.map(({ loans }) => loans[stage]))
  return (
    <LifecyclePicture
      label={words.overview.picture}
      role="group"
      stage={({ stage, x, y }, box) => {
        const loans = count(language, loansAt(stage))
        return (
          <a
            key={stage}
            className={`node stage-${stage} ${loansAt(stage) > 0 ? "visited" : ""}`}
            href={loansHref({ stage, account })}
          >
            {box}
            <text>
              <tspan x={x} y={y - 3} className="name">
                {words.stage[stage]}
              </tspan>{" "}
              <tspan x={x} y={y + 14} className="count">
                {loans}
              </tspan>
            </text>
          </a>
        )
      }}
    />
  )
}

function AccountHealth({ account: { name, callbacks } }: { account: AccountJson }) {
  const words = useWords()
  const language = useLanguage()
  return (
    <li>
      <p>
        <a href={pageHref("callbacks")}>{name}</a> <HealthBadge callbacks={callbacks} />
      </p>
      <HealthBar callbacks={callbacks} />
      <p className="hint">{words.callbacks.share(share(language, callbacks.missedRate))}</p>
    </li>
  )
}
