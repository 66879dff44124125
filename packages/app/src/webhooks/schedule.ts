const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** The longest wait of the schedule. */
export const longestDelayMs = 24 * hour

/**
 * How long to wait after each failed attempt. The first attempt is immediate.
 *
 * Source: Standard Webhooks 1.0, "Deliverability and reliability".
 */
const retryDelaysMs = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  longestDelayMs,
] as const

/** How far ahead a wait may end: twice the longest wait, which leaves room for the random variation. */
export const waitAheadMsMax = (retryAfterMsMax: number): number =>
  2 * Math.max(longestDelayMs, retryAfterMsMax)

/**
 * How much the wait for a retry varies at random, in per cent in both directions. So retries do not all come at the
 * same time.
 */
export const webhookJitterPercent = 10

/** How often a webhook is sent before its endpoint is disabled. */
export const attemptsMax = retryDelaysMs.length + 1

/**
 * How long to wait after this many failed attempts. `undefined` after the last attempt.
 *
 * @param random from 0 to 1
 */
export function retryDelayMs(attempts: number, random: number): number | undefined {
  const delay = retryDelaysMs[attempts - 1]
  if (delay === undefined) return undefined
  return Math.round(delay * (1 + (webhookJitterPercent / 100) * (2 * random - 1)))
}
