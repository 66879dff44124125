import { fileURLToPath } from "node:url"

/** The path of a file in the checkout. A URL's `pathname` is not a path, because it escapes blanks and accents. */
export const inCheckout = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/**
 * The folder of the bundled program. It lies in the package `app`, so that relative paths and dependencies resolve as
 * in this package.
 */
export const programDirectory = inCheckout("packages/app/node_modules/.program")

export const sourceMainPath = inCheckout("packages/app/src/main.ts")

/** The file with which a test starts the program as a separate process. */
export const mainPath = process.env["VITEST"] === undefined ? sourceMainPath : `${programDirectory}/main.mjs`

/**
 * The environment of such a process. It contains only the path and a cache of compiled sources, which all processes
 * share.
 */
export const childEnvironment: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  NODE_COMPILE_CACHE: inCheckout("test/node_modules/.cache/compiled/"),
}

/**
 * An environment without the variables of the loan engine. The tests set some variables that the program would
 * refuse.
 */
export const withoutOurs = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("LOAN_ENGINE_")))
