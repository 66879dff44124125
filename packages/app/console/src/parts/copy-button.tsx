import { useState } from "react"
import { useWords } from "../words/language.ts"

/** Copies a text to the clipboard. If the browser forbids this, the reader can still select the text. */
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
