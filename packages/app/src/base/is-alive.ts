import { isNativeError } from "node:util/types"

/**
 * Whether a process with this pid runs on this machine, of any user. The check needs no file descriptor, so it works
 * even if none is left.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return isNativeError(cause) && "code" in cause && cause.code === "EPERM"
  }
}
