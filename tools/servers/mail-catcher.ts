import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedFault } from './expected-fault.ts'
import { cacheFolder, ensureFolder, localFolder, projectRoot } from './project.ts'
import { spawnServer, type RunningServer } from './server-process.ts'

export interface MailCatcherOptions {
  smtpPort: number
  webPort: number
  /** Mails are kept here over a restart. */
  mailDir?: string
  logFile?: string
}

/** Starts maildev on 127.0.0.1: it takes every mail, sends none on, and shows them in a web page. */
export async function startMailCatcher(
  options: MailCatcherOptions,
): Promise<RunningServer & { smtpUrl: string }> {
  const { smtpPort, webPort } = options
  const server = spawnServer({
    name: 'Mail catcher',
    stage: 'mail',
    command: process.execPath,
    args: [
      join(projectRoot, 'node_modules/maildev/dist/bin/maildev.js'),
      ...['--smtp', String(smtpPort), '--ip', '127.0.0.1'],
      ...['--web', String(webPort), '--web-ip', '127.0.0.1'],
      ...['--mail-directory', ensureFolder(options.mailDir ?? join(localFolder, 'mail'))],
      ...['--max-emails', '1000'],
    ],
    cwd: projectRoot,
    env: { ...withoutMaildevSettings(), NODE_COMPILE_CACHE: join(cacheFolder, 'compile') },
    logFile: options.logFile ?? join(localFolder, 'logs/mail.log'),
  })
  await Promise.all([waitForPort(server, smtpPort), waitForPort(server, webPort)])
  return {
    pid: server.pid,
    exited: server.exited,
    stop: server.stop,
    url: `http://127.0.0.1:${webPort}`,
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
  }
}

function withoutMaildevSettings() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('MAILDEV_')),
  )
}

async function waitForPort(server: ReturnType<typeof spawnServer>, port: number) {
  const deadline = Date.now() + 30_000
  while (server.isRunning() && Date.now() < deadline) {
    if (await isListening(port)) return
    await sleep(20)
  }
  const reason = server.lastWords()
  await server.stop()
  throw new ExpectedFault(`The mail catcher did not start:\n${reason}`)
}

function isListening(port: number) {
  return new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => settle(true))
    socket.once('error', () => settle(false))
    function settle(answer: boolean) {
      resolve(answer)
      socket.destroy()
    }
  })
}
