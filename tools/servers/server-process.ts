import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { identify } from './processes.ts'
import { ensureFolder } from './project.ts'
import { assertChildrenWelcome, forgetChild, watchChild } from './reaper.ts'
import { stopChild, type Stage } from './stopping.ts'

export interface RunningServer {
  pid: number
  url: string
  /** Resolves when the server has ended, whoever ended it. */
  exited: Promise<void>
  stop: () => Promise<void>
}

interface ServerProcess {
  name: string
  stage: Stage
  command: string
  args: string[]
  logFile: string
  cwd?: string
  env?: NodeJS.ProcessEnv
  uid?: number | undefined
  gid?: number | undefined
  afterwards?: string[] | undefined
}

/**
 * Starts a server in a session of its own: Ctrl-C in the terminal reaches the launcher alone, which then
 * stops its servers in order. Output goes to a file, which outlives us, unlike a pipe.
 */
export function spawnServer(server: ServerProcess) {
  assertChildrenWelcome()
  ensureFolder(dirname(server.logFile))
  const log = openSync(server.logFile, 'w')
  const child = spawn(server.command, server.args, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: server.cwd,
    env: server.env ?? process.env,
    ...(server.uid === undefined ? {} : { uid: server.uid, gid: server.gid }),
  })
  closeSync(log)

  let running = true
  let startFault: Error | undefined
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => end(error))
    child.once('exit', () => end())
    function end(error?: Error) {
      running = false
      startFault = error
      if (child.pid) forgetChild(child.pid)
      resolve()
    }
  })
  const pid = child.pid ?? 0
  const identity = {
    ...identify(pid),
    name: server.name,
    stage: server.stage,
    ...(server.afterwards ? { afterwards: server.afterwards } : {}),
  }
  if (pid) watchChild(identity)

  return {
    pid,
    exited,
    isRunning: () => running,
    lastWords: () => startFault?.message ?? tail(server.logFile),
    stop,
  }

  async function stop() {
    if (!running) return
    await stopChild(identity)
    await exited
  }
}

function tail(path: string) {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-8).join('\n')
  } catch {
    return ''
  }
}
