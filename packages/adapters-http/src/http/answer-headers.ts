/**
 * What goes with every answer that says nothing else: it is kept by nobody, is what its type says, is framed by no page, loads
 * nothing, and sends nobody the address it was read at.
 */
export const guardedHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const
