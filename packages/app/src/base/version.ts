/** The loan engine's own version, from its packages. */
export const version = "0.1.0"
