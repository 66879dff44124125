import type { RuledJson } from "@loan-engine/app/client"
import { useEffect, useRef } from "react"
import { useWords } from "../words/language.ts"
import { Steps } from "./timeline.tsx"

interface RulingPreviewProps {
  readonly ruled: RuledJson
  readonly label: string
  readonly isBusy: boolean
  readonly rule: () => void
  readonly change: () => void
}

/** What a ruling would do, and its confirmation. */
export function RulingPreview({ ruled, label, isBusy, rule, change }: RulingPreviewProps) {
  const words = useWords()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus()
  }, [])
  return (
    <section className="preview">
      <h3 ref={heading} tabIndex={-1}>
        {words.ruling.would}
      </h3>
      <p>{words.ruling.ends(words.stage[ruled.stage])}</p>
      <Steps steps={ruled.steps} />
      <p className="hint">{words.ruling.nothingYet}</p>
      <p className="actions">
        <button className="primary" type="button" disabled={isBusy} onClick={rule}>
          {label}
        </button>
        <button type="button" disabled={isBusy} onClick={change}>
          {words.ruling.change}
        </button>
      </p>
    </section>
  )
}
