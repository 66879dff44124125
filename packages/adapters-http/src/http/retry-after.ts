/**
 * How long a Retry-After header asks to wait, in milliseconds. The header contains seconds or a date. `undefined` if
 * it is absent or invalid.
 */
export function retryAfterMs(
  header: string | ReadonlyArray<string> | undefined,
  now: number,
): number | undefined {
  const text = (typeof header === "string" ? header : header?.[0])?.trim() ?? ""
  const waitMs = /^[0-9]+$/u.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isFinite(waitMs) ? Math.max(waitMs, 0) : undefined
}
