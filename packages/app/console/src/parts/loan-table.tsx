import { visibleText } from "../../../src/base/visible-text.ts"
import type { LoanJson } from "@loan-engine/app/client"
import { loanHref } from "../router.ts"
import { useWords } from "../words/language.ts"
import { LiveStage } from "./live-stage.tsx"
import { Distance } from "./time.tsx"

interface LoanTableProps {
  readonly label: string
  readonly loans: ReadonlyArray<LoanJson>
  /** The text of the link to a loan, next to its reference. */
  readonly action?: string
}

/**
 * A table with one row for each loan. On a narrow screen a row shows only the reference, the stage and the next step.
 */
export function LoanTable({ label, loans, action }: LoanTableProps) {
  const words = useWords()
  return (
    <table className="loans">
      <caption className="only-heard">{label}</caption>
      <thead>
        <tr>
          <th scope="col">{words.loans.reference}</th>
          <th scope="col">{words.loans.stage}</th>
          <th scope="col" className="wide">
            {words.loans.account}
          </th>
          <th scope="col" className="wide">
            {words.loans.next}
          </th>
          <th scope="col" className="wide">
            {words.loans.nextPoll}
          </th>
          <th scope="col" className="wide">
            {words.loans.flags}
          </th>
          {action !== undefined && (
            <th scope="col" className="wide">
              <span className="only-heard">{action}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {loans.map((loan) => (
          <LoanRow key={loan.applicationReference} loan={loan} action={action} />
        ))}
      </tbody>
    </table>
  )
}

function LoanRow({ loan, action }: { loan: LoanJson; action: string | undefined }) {
  const words = useWords()
  const next = `${words.actor[loan.next.actor]} ${words.action[loan.next.action]}`
  return (
    <tr>
      <th scope="row">
        <a className="reference" href={loanHref(loan.applicationReference)}>
          <bdi>{visibleText(loan.applicationReference)}</bdi>
        </a>
        <span className="narrow">
          {loan.account} · {next}
        </span>
        <span className="narrow">
          <Flags loan={loan} />
        </span>
      </th>
      <td>
        <LiveStage loan={loan} />
      </td>
      <td className="wide account">{loan.account}</td>
      <td className="wide" title={next}>
        {words.actor[loan.next.actor]}
      </td>
      <td className="wide number">
        {loan.nextPollAt === null ? "–" : <Distance to={loan.nextPollAt} isPast={false} />}
      </td>
      <td className="wide">
        <Flags loan={loan} />
      </td>
      {action !== undefined && (
        <td className="wide">
          <a className="button" href={loanHref(loan.applicationReference)}>
            {action} <span className="only-heard">{visibleText(loan.applicationReference)}</span>
          </a>
        </td>
      )}
    </tr>
  )
}

function Flags({ loan }: { loan: LoanJson }) {
  const words = useWords()
  return (
    <>
      {loan.additionOutstanding && <span className="flag">{words.loans.outstanding}</span>}
      {loan.stalled && <span className="flag warning">{words.loans.stalled}</span>}
      {loan.dormant && <span className="flag">{words.loans.dormant}</span>}
      {loan.closed && <span className="flag">{words.loans.closed}</span>}
    </>
  )
}
