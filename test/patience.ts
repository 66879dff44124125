/**
 * How long a test waits for the state that it asserts. It is no measure of speed: it lies so far above what the slowest, busiest
 * machine needs that only a state that never comes runs into it.
 */
export const stateMsMax = 300_000

/** How long one test, or one hook, may take in all: several such waits. */
export const testMsMax = 4 * stateMsMax
