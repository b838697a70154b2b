/**
 * Runs `work` and measures the milliseconds of CPU time that the process spent meanwhile: for limits
 * on hostile input, which hold on a machine that is busy with much else too. The garbage collector
 * may take some of it, so limits need room.
 */
export async function measureCpu<T>(work: () => T): Promise<{ result: Awaited<T>; cpuMs: number }> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { result, cpuMs: (user + system) / 1_000 }
}
