/**
 * The default headers of every answer: no cache keeps it, no client guesses its type, no page frames it, it loads
 * nothing, and it sends no referrer.
 */
export const guardedHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const
