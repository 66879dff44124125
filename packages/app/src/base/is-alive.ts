/** Whether this machine has a process of that pid, be it another user's. It needs no descriptor, so nothing keeps it from being told. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}
