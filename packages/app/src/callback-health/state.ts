/**
 * What an account's figures mean: there was no news; so little that nothing follows; nothing missed; some missed, but no more than
 * may be; so many late that they may all be going elsewhere; so many missed that they do.
 */
export const callbackStates = ["quiet", "unjudged", "fine", "some-missed", "late", "alarm"] as const
export type CallbackState = (typeof callbackStates)[number]
