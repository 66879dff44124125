import fc from "fast-check"
import { propertySeed } from "./properties/settings.ts"

/** Every random case of a run follows from the one seed that a failure prints, also where a test names none. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed })
