import { useEffect, useRef } from "react"
import { visibleText } from "../../src/base/visible-text.ts"
import { DefectGuard } from "./parts/defect-guard.tsx"
import { Icon } from "./parts/icon.tsx"
import { LiveMark } from "./parts/live-mark.tsx"
import { Settings } from "./parts/settings.tsx"
import type { SettingsProps } from "./parts/settings.tsx"
import { Callbacks } from "./pages/callbacks.tsx"
import { LoanPage } from "./pages/loan.tsx"
import { Loans } from "./pages/loans.tsx"
import { Overview } from "./pages/overview.tsx"
import { WaitingLoans } from "./pages/waiting-loans.tsx"
import { pageHref, pages, usePlace } from "./router.ts"
import type { Place } from "./router.ts"
import { useFeedStatus, useSession } from "./session.ts"
import { useWords } from "./words/language.ts"

/** The frame around every page: its name, the navigation, the live mark, and the settings. */
export function Frame({ settings, signOut }: { settings: SettingsProps; signOut: () => void }) {
  const words = useWords()
  const place = usePlace()
  const status = useFeedStatus()
  const { key } = useSession()
  const main = useMainOf(place)
  const here = useRef<HTMLAnchorElement>(null)
  const current = place.page === "loan" ? "loans" : place.page
  // On a narrow screen the navigation scrolls sideways. This brings the current page's link into view.
  useEffect(() => {
    here.current?.scrollIntoView({ inline: "center", block: "nearest" })
  }, [current])
  return (
    <div className="frame">
      <button className="skip" type="button" onClick={() => main.current?.focus()}>
        {words.skip}
      </button>
      <header className="top">
        <a className="brand" href={pageHref("overview")}>
          <Icon name="mark" />
          <span>
            <strong>{words.title}</strong> <small>{words.subtitle}</small>
          </span>
        </a>
        <LiveMark status={status} />
      </header>
      <nav className="navigation" aria-label={words.navigation}>
        <ul>
          {pages.map((page) => (
            <li key={page}>
              <a
                ref={page === current ? here : undefined}
                href={pageHref(page)}
                aria-current={page === current ? "page" : undefined}
              >
                <Icon name={page} />
                {words.pages[page]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main ref={main} tabIndex={-1}>
        {status === "reconnecting" && (
          <p className="notice warning" role="status">
            {words.unreachable}
          </p>
        )}
        <DefectGuard key={place.page} message={words.defect} reload={words.reload}>
          <PageAt place={place} />
        </DefectGuard>
      </main>
      <footer className="foot">
        <Settings {...settings} />
        <p className="who">{words.signedInAs(key.name)}</p>
        <button type="button" onClick={signOut}>
          {words.signOut}
        </button>
      </footer>
    </div>
  )
}

function PageAt({ place }: { place: Place }) {
  switch (place.page) {
    case "overview":
      return <Overview />
    case "loans":
      return <Loans query={place.query} />
    case "loan":
      return <LoanPage key={place.reference} reference={place.reference} />
    case "disputes":
    case "stalled":
    case "dormant":
      return <WaitingLoans key={place.page} list={place.page} />
    case "callbacks":
      return <Callbacks />
  }
}

/** After a change of page, puts the focus on the new page's beginning, also for screen readers. */
function useMainOf(place: Place) {
  const words = useWords()
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const name = place.page === "loan" ? visibleText(place.reference) : words.pages[place.page]
  const where = place.page === "loan" ? place.reference : place.page
  useEffect(() => {
    document.title = `${name} · ${words.title}`
  }, [name, words])
  useEffect(() => {
    if (!isFirst.current) {
      window.scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
    isFirst.current = false
  }, [where])
  return main
}
