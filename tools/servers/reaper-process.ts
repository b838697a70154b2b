// Waits for the end of its standard input, which comes when the parent is gone, whatever ended it.
import { createInterface } from 'node:readline'
import type { ReaperOrder } from './reaper.ts'
import { removeFolder, stopInOrder, type Child } from './stopping.ts'

const children = new Map<number, Child>()
const folders = new Set<string>()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => follow(JSON.parse(line) as ReaperOrder))
lines.once('close', () => void cleanUp())

function follow(order: ReaperOrder) {
  if ('watch' in order) children.set(order.watch.pid, order.watch)
  else if ('forget' in order) children.delete(order.forget)
  else folders.add(order.removeAfterwards)
}

async function cleanUp() {
  await stopInOrder([...children.values()])
  for (const folder of folders) removeFolder(folder)
  process.exit(0)
}
