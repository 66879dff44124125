/** Reads how thorough a run is, and which run it repeats. Only this file reads these environment variables. */
const setting = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined || text === "" ? undefined : Number(text)
}

/** How many random cases each law gets. A compliance run asks for many more. */
export const propertyRuns = setting("LOAN_ENGINE_PROPERTY_RUNS") ?? 500

/** The seed of all random cases. Without the variable, each run draws a new seed. */
export const propertySeed = setting("LOAN_ENGINE_PROPERTY_SEED") ?? Date.now() % 0x7fff_ffff

/** The seed for canaries. It is always the same, so that no canary survives by chance. */
export const canarySeed = 1

/** Where in the cases of a seed a failure occurred. Set it to repeat only this case. */
export const propertyPath = process.env["LOAN_ENGINE_PROPERTY_PATH"]

/**
 * Whether the exhaustive search asks the machine at every one of its millions of steps. Otherwise it asks once for
 * each different step.
 */
export const isThorough = process.env["LOAN_ENGINE_THOROUGH"] === "1"
