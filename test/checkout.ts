import { fileURLToPath } from "node:url"

/** Where a file of the checkout lies, by its path from the root. A URL's own `pathname` is no path: it escapes blanks and accents. */
export const inCheckout = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The program's entry, for a process of its own. */
export const mainPath = fileURLToPath(import.meta.resolve("@loan-engine/app/main"))

/**
 * The environment of such a process: nothing of this one's but the path, and a cache that spares each of them compiling the same
 * sources again.
 */
export const childEnvironment: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  NODE_COMPILE_CACHE: inCheckout("test/node_modules/.cache/compiled/"),
}

/** An environment without our own variables: the tests have some that the program would refuse. */
export const withoutOurs = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("LOAN_ENGINE_")))
