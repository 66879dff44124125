import type { Page } from "../router.ts"

/** Icon outlines on a square of 20 by 20. A word next to each icon says the same. */
const outlines = {
  mark: "M4 13h3.5l5-6H16",
  overview: "M3.5 3.5h5v7h-5zM11.5 3.5h5v4h-5zM11.5 10.5h5v6h-5zM3.5 13.5h5v3h-5z",
  loans: "M7 5h10M7 10h10M7 15h10M3 5h.01M3 10h.01M3 15h.01",
  disputes: "M10 3v14M5 17h10M4 6h12M4 6l-2 6h4zM16 6l-2 6h4z",
  stalled: "M5 3h10M5 17h10M6 3c0 5 8 5 8 14M14 3c0 5-8 5-8 14",
  dormant: "M15 12.5A6.5 6.5 0 1 1 8 4a5 5 0 0 0 7 8.5z",
  callbacks: "M3 12c1.5 0 1.5-8 4-8s2 12 4.500 12S13.500 8 17 8",
  search: "M9 3.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 0 0 0-11M13 13l4 4",
} as const satisfies Record<Page | "mark" | "search", string>

export function Icon({ name }: { name: keyof typeof outlines }) {
  return (
    <svg className={`icon ${name}`} viewBox="0 0 20 20" aria-hidden="true">
      <path d={outlines[name]} />
    </svg>
  )
}
