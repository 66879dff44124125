import { useWords } from "../words/language.ts"

interface PagerProps {
  /** The links to the first and the next page. A link is absent if it would lead nowhere new. */
  readonly first: string | undefined
  readonly next: string | undefined
}

export function Pager({ first, next }: PagerProps) {
  const words = useWords()
  if (first === undefined && next === undefined) return null
  return (
    <p className="pager">
      {first !== undefined && (
        <a className="button" href={first}>
          {words.loans.first}
        </a>
      )}
      {next !== undefined && (
        <a className="button" href={next}>
          {words.loans.more}
        </a>
      )}
    </p>
  )
}
