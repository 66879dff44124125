/** The engine runs threads of its own and serves files of its own, so it must stay a package and not become part of a bundle. */
export default { serverExternalPackages: ["@loan-engine/app"] }
