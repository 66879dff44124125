/** A callback's body, as long as a signed one of the bank is. */
export const body = JSON.stringify({
  externalApplicationEvent: { applicationEventType: "SIGNED" },
  jwsData: "x".repeat(600),
})

/** How many connections each process of a contender may open; the engine's own default. */
export const connectionsMax = 10

/** How many writes are under way at once, over all processes of a contender. */
export const writersAtOnce = 64
