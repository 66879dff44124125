import { useState } from "react"
import { useWords } from "../words/language.ts"

/** Copies a text to the clipboard. If a browser does not allow that, the text can still be selected by hand. */
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
