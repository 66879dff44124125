/**
 * What an account's figures mean:
 *
 * - `quiet`: there was no news.
 * - `unjudged`: there was too little news to judge.
 * - `fine`: nothing was missed, and nothing was refused.
 * - `some-refused`: nothing was missed, but some callbacks were refused.
 * - `some-missed`: some were missed, but within the limit.
 * - `late`: many callbacks are late, so the bank may be sending them to another URL.
 * - `alarm`: many callbacks were missed, so the bank probably sends them to another URL.
 */
export const callbackStates = [
  "quiet",
  "unjudged",
  "fine",
  "some-refused",
  "some-missed",
  "late",
  "alarm",
] as const
export type CallbackState = (typeof callbackStates)[number]
