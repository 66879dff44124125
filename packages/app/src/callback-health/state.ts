/**
 * What an account's figures mean, in this order: no news; too little news to judge; nothing missed and nothing refused; nothing
 * missed, but some callbacks refused; some missed, but within the limit; so many late that all may be going to another URL; so many missed that they do.
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
