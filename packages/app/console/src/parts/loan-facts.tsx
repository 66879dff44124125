import type { LoanJson } from "@loan-engine/app/client"
import { visibleText } from "../../../src/base/visible-text.ts"
import { amount, count, dateTime } from "../format.ts"
import { useLanguage, useWords } from "../words/language.ts"
import { Card } from "./card.tsx"
import { Distance } from "./time.tsx"

/** The current facts about a loan, and who must act next. */
export function LoanFacts({ loan }: { loan: LoanJson }) {
  const words = useWords()
  return (
    <div className="facts">
      <Card title={words.loan.next} className="next">
        <p>
          <strong>{words.actor[loan.next.actor]}</strong> {words.action[loan.next.action]}.
        </p>
      </Card>
      <Card title={words.loan.offer}>
        <Offer offer={loan.offer} currency={loan.currency} />
        <FormerOffers loan={loan} />
      </Card>
      <Card title={words.loan.documents}>
        <Documents loan={loan} />
      </Card>
      <Card title={words.loan.signing}>
        <Signing loan={loan} />
      </Card>
      <Card title={words.loan.polls}>
        {loan.nextPollAt === null ? (
          <p>{words.loan.noPoll}</p>
        ) : (
          <p>
            {words.loan.nextPoll}: <Distance to={loan.nextPollAt} isPast={false} />
          </p>
        )}
        {loan.lastAskedAt !== null && (
          <p className="hint">
            {words.loan.lastAsked}: <Distance to={loan.lastAskedAt} isPast={true} />
          </p>
        )}
        {loan.lastHeardFromBankAt !== null && (
          <p className="hint">
            {words.loan.lastHeard}: <Distance to={loan.lastHeardFromBankAt} isPast={true} />
          </p>
        )}
      </Card>
    </div>
  )
}

const rates: ReadonlySet<string> = new Set(["interest", "effectiveInterest"])

function Offer({ offer, currency }: Pick<LoanJson, "offer" | "currency">) {
  const words = useWords()
  const language = useLanguage()
  if (offer === null) return <p className="hint">{words.loan.noOffer}</p>
  const { documentTypes, tenor, ...decimals } = offer
  const rows: Array<readonly [string, string]> = []
  for (const [name, text] of Object.entries(decimals)) {
    if (isOfferName(words.offer, name) && text !== undefined) {
      const unit = rates.has(name) ? "%" : (currency ?? "")
      rows.push([words.offer[name], `${amount(language, text)} ${unit}`.trimEnd()])
    }
  }
  if (tenor !== undefined) rows.push([words.offer.tenor, words.loan.tenor(count(language, tenor))])
  return (
    <>
      <dl className="rows">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {documentTypes !== undefined && documentTypes.length > 0 && (
        <p className="hint">
          {words.offer.documentTypes}: {visibleText(documentTypes.join(", "))}
        </p>
      )}
      {currency === null && <p className="hint">{words.loan.currency}</p>}
    </>
  )
}

const isOfferName = <Names extends object>(names: Names, name: string): name is keyof Names & string =>
  Object.hasOwn(names, name)

function Documents({ loan }: { loan: LoanJson }) {
  const words = useWords()
  if (!loan.additionOutstanding) return <p className="hint">{words.loan.noDocuments}</p>
  if (loan.requiredDocuments.length === 0) return <p>{words.loan.unnamedDocuments}</p>
  return (
    <ul className="documents">
      {loan.requiredDocuments.map((name) => (
        <li key={name}>
          <code>{visibleText(name)}</code>
        </li>
      ))}
    </ul>
  )
}

/** The loan's signing: what the customer had to do, what was signed, and what happened after. */
function Signing({ loan }: { loan: LoanJson }) {
  const words = useWords()
  const language = useLanguage()
  const { signed, heardAt, offer, timeline } = loan.signing
  const isOther = offer !== null && loan.offer !== null && !isSame(offer, loan.offer)
  return (
    <>
      {!signed && <p className="hint">{words.loan.notSigned}</p>}
      {signed && heardAt === null && <p>{words.loan.signedImplied}</p>}
      {timeline.map(({ what, method, heardAt: at }) => (
        <p key={`${what} ${method}`}>
          {method === null ? (
            words.loan.signedAt(dateTime(language, at))
          ) : (
            <>
              {what === "requested"
                ? words.timeline.requestedSigning(visibleText(method))
                : words.loan.method(visibleText(method))}{" "}
              <span className="hint">{dateTime(language, at)}</span>
            </>
          )}
        </p>
      ))}
      {isOther && (
        <>
          <p>{words.loan.signedOther}</p>
          <Offer offer={offer} currency={loan.currency} />
        </>
      )}
    </>
  )
}

type Offered = NonNullable<LoanJson["offer"]>

const isSame = (one: Offered, other: Offered): boolean => inOrder(one) === inOrder(other)
const inOrder = (offer: Offered): string =>
  JSON.stringify(Object.entries(offer).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** The earlier offers, with their times. */
function FormerOffers({ loan: { offers, offer, currency } }: { loan: LoanJson }) {
  const words = useWords()
  const language = useLanguage()
  const former = offers.filter((each) => offer === null || !isSame(each.offer, offer))
  if (former.length === 0) return null
  return (
    <details>
      <summary>{words.loan.formerOffers}</summary>
      {former.toReversed().map((each) => (
        <section key={each.heardAt}>
          <p className="hint">{words.loan.offerHeard(dateTime(language, each.heardAt))}</p>
          <Offer offer={each.offer} currency={currency} />
        </section>
      ))}
    </details>
  )
}
