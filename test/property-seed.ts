import fc from "fast-check"
import { propertySeed } from "./proof/properties/settings.ts"

/** Every random case of a run follows from the one seed that a failure prints, also where a test names none. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed })
