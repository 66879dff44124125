const heldOperations = ["sign", "verify", "importKey"] as const

/**
 * Holds the operations of Web Crypto. They run on threads, so no seed could repeat their order. A held operation
 * begins when `release` is called, one at a time and in the order of the calls. It is still the platform's own
 * operation.
 */
export function holdCrypto() {
  const { subtle } = globalThis.crypto
  const waiting: Array<() => Promise<void>> = []
  for (const name of heldOperations) {
    const genuine = subtle[name].bind(subtle) as (...given: ReadonlyArray<unknown>) => Promise<unknown>
    const held = (...given: ReadonlyArray<unknown>): Promise<unknown> =>
      new Promise((resolve, reject) => {
        waiting.push(() => genuine(...given).then(resolve, reject))
      })
    Object.defineProperty(subtle, name, { value: held, configurable: true })
  }
  return {
    /** Completes the operation that has waited longest. `false` if none waits. */
    release: async (): Promise<boolean> => {
      const operation = waiting.shift()
      await operation?.()
      return operation !== undefined
    },
    restore: (): void => {
      for (const name of heldOperations) Reflect.deleteProperty(subtle, name)
    },
  }
}
