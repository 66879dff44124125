import { isNativeError } from "node:util/types"

/**
 * Whether this machine has a process with this pid, of any user. The check needs no file descriptor, so it works even
 * if none is free.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return isNativeError(cause) && "code" in cause && cause.code === "EPERM"
  }
}
