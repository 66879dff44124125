/**
 * Mutants that no test can notice, because nothing that can be observed differs, each with the reason. A mutant is named
 * by its file, the line it changes, and the change, so that an entry outlives lines that move but not code that changes.
 */
export const equivalentMutants: ReadonlyMap<string, string> = new Map([])
