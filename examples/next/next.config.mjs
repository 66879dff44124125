/** The engine starts its own threads and serves its own files. So it must not become part of a bundle. */
export default { serverExternalPackages: ["@loan-engine/app"] }
