/** A callback's body with the length of a signed one. */
export const body = JSON.stringify({
  externalApplicationEvent: { applicationEventType: "SIGNED" },
  jwsData: "x".repeat(600),
})

/** How many connections each process of a contender may open. It is the engine's default. */
export const connectionsMax = 10

/** How many writes run at the same time, in all processes of a contender. */
export const writersAtOnce = 64
