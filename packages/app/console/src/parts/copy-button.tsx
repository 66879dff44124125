import { useState } from "react"
import { useWords } from "../words/language.ts"

/** Puts a text onto the clipboard; where a browser does not let it, the text can still be marked by hand. */
export function CopyButton({ text }: { text: string }) {
  const words = useWords()
  const [isCopied, setCopied] = useState(false)
  if (navigator.clipboard === undefined) return null
  return (
    <button
      type="button"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        )
      }}
      onBlur={() => setCopied(false)}
    >
      <span aria-live="polite">{isCopied ? words.copied : words.copy}</span>
    </button>
  )
}
