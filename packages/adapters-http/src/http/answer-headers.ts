/**
 * The default headers of every answer. No cache stores it, no browser guesses its type, no page shows it in a frame,
 * it loads nothing, and it sends no referrer.
 */
export const guardedHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const
