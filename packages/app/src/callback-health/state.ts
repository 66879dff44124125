/**
 * What an account's figures mean:
 *
 * - `quiet`: there was no news.
 * - `unjudged`: there was too little news to judge.
 * - `fine`: nothing was missed, and nothing was refused.
 * - `some-refused`: nothing was missed, but some callbacks were refused.
 * - `some-missed`: some were missed, but within the limit.
 * - `late`: so many are late that the bank may be sending them to another URL.
 * - `alarm`: so many were missed that the bank probably does.
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
