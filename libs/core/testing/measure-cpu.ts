/**
 * Milliseconds of CPU time that the process spent while `work` ran: for limits on hostile input,
 * which hold on a machine that is busy with much else too. The garbage collector may take some of it,
 * so limits need room.
 */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
