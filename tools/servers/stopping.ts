import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { stopProcess, type ProcessIdentity, type StopStep } from './processes.ts'

/** Stopped in this order: whoever uses a server goes before it. */
export const stages = ['app', 'mail', 'redis', 'postgres'] as const
export type Stage = (typeof stages)[number]

export interface Child extends ProcessIdentity {
  name: string
  stage: Stage
  /** A command that removes what a kill of the process leaves, e.g. its container. */
  afterwards?: string[]
}

/** When nobody waits for an orderly end any more: all four stages fit into five seconds. */
const hurried: Record<Stage, StopStep[]> = {
  app: [{ signal: 'SIGTERM', waitMs: 1500 }],
  mail: [{ signal: 'SIGTERM', waitMs: 400 }],
  redis: [{ signal: 'SIGTERM', waitMs: 700 }],
  // PostgreSQL: SIGINT ends sessions and writes a checkpoint, SIGQUIT ends at once and recovers later.
  postgres: [
    { signal: 'SIGINT', waitMs: 1000 },
    { signal: 'SIGQUIT', waitMs: 300 },
  ],
}

export const patient: Record<Stage, StopStep[]> = {
  app: [{ signal: 'SIGTERM', waitMs: 12_000 }],
  mail: [{ signal: 'SIGTERM', waitMs: 3000 }],
  redis: [{ signal: 'SIGTERM', waitMs: 5000 }],
  postgres: [
    { signal: 'SIGINT', waitMs: 10_000 },
    { signal: 'SIGQUIT', waitMs: 3000 },
  ],
}

export async function stopChild(child: Child, steps = patient) {
  await stopProcess(child, steps[child.stage])
  if (child.afterwards) runQuietly(child.afterwards)
}

export async function stopInOrder(children: Child[], steps = hurried) {
  for (const stage of stages) {
    const ofStage = children.filter((child) => child.stage === stage)
    await Promise.all(ofStage.map((child) => stopChild(child, steps)))
  }
}

export function removeFolder(path: string) {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

function runQuietly([command, ...args]: string[]) {
  try {
    execFileSync(command!, args, { stdio: 'ignore', timeout: 3000 })
  } catch {
    // It was gone already.
  }
}
