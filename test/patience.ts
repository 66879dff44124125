/**
 * How long a test waits for the state that it expects. It does not measure speed: even the slowest machine needs far
 * less. Only a state that never occurs reaches the limit.
 */
export const stateMsMax = 300_000

/** How long one test or one hook may take. A test may wait several times. */
export const testMsMax = 4 * stateMsMax
