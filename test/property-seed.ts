import fc from "fast-check"
import { propertySeed } from "./proof/properties/settings.ts"

/** Sets the seed of every property test in the run. A failure prints this seed. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed })
