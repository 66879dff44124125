/** How thorough a run is, and which one it repeats; read from the environment here and nowhere else. */
const setting = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined || text === "" ? undefined : Number(text)
}

/** How many random cases each law gets. A compliance run asks for many more. */
export const propertyRuns = setting("LOAN_ENGINE_PROPERTY_RUNS") ?? 500

/** The seed of every law's random cases. Each run draws a new one unless it is set. */
export const propertySeed = setting("LOAN_ENGINE_PROPERTY_SEED") ?? Date.now() % 0x7fff_ffff

/** The seed with which canaries are looked for: always the same, so that none lives on by chance. */
export const canarySeed = 1

/** Where in a seed's cases a failure was found; set to repeat just that one. */
export const propertyPath = process.env["LOAN_ENGINE_PROPERTY_PATH"]

/**
 * Whether the exhaustive check asks the machine again at each of its millions of steps, or once for each different one.
 */
export const isThorough = process.env["LOAN_ENGINE_THOROUGH"] === "1"
