const keyName = "loan-engine.key"

/** The key is kept only for this tab, and removed with it. */
export const storedKey = (): string | null => window.sessionStorage.getItem(keyName)
export const storeKey = (key: string): void => window.sessionStorage.setItem(keyName, key)
export const forgetKey = (): void => window.sessionStorage.removeItem(keyName)

/**
 * Takes the key from an address such as `#key=…`, which `start` prints. The browser never sends the part after `#` to
 * a server. This function also removes the key from the browser's history.
 */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(window.location.hash.replace(/^#/u, "")).get("key")
  if (key === null) return
  storeKey(key)
  window.history.replaceState(null, "", "#/")
}
