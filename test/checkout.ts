import { fileURLToPath } from "node:url"

/** Where a file of the checkout lies, by its path from the root. A URL's own `pathname` is no path: it escapes blanks and accents. */
export const inCheckout = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Where a run of the tests has the program in one piece: where its relative paths and its dependencies are the package's. */
export const programDirectory = inCheckout("packages/app/node_modules/.program")

export const sourceMainPath = inCheckout("packages/app/src/main.ts")

/** The program's entry, for a process of its own. */
export const mainPath = process.env["VITEST"] === undefined ? sourceMainPath : `${programDirectory}/main.mjs`

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
