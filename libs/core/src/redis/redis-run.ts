/** What is asked of a client, be it one of ioredis or the one that BullMQ hands out. */
interface Client {
  status: string
  on(event: 'ready' | 'close', listener: () => void): unknown
  info(section: 'server'): Promise<string>
}

/**
 * Gives the id of the run of Redis that a connection speaks to, or undefined while it is not known. A restart and a failover begin another run,
 * which may have forgotten what happened last: a job that ended may be waiting again.
 */
export function followRedisRun(client: Client): () => string | undefined {
  let run: string | undefined
  let connection = 0
  client.on('ready', () => void ask())
  client.on('close', () => {
    connection += 1
    run = undefined
  })
  if (client.status === 'ready') void ask()
  return () => run

  async function ask(): Promise<void> {
    const asked = connection
    const info = await client.info('server').catch(() => '')
    if (asked === connection) run = /^run_id:(\w+)/m.exec(info)?.[1]
  }
}
