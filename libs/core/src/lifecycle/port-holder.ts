import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

export interface PortHolder {
  pid: number
  program: string
  command: string
}

/** The process that listens on a port, as far as we may see it: a process of somebody else is undefined. */
export function findPortHolder(port: number): PortHolder | undefined {
  const pid = process.platform === 'linux' ? pidFromProc(port) : pidFromLsof(port)
  if (pid === undefined) return undefined
  const command = onOneLine(commandLine(pid))
  return { pid, program: basename(command.split(' ')[0] ?? ''), command: shorten(command) }
}

/** The same for a sentence. */
export function describePortHolder(holder: PortHolder | undefined): string {
  return holder ? `${holder.program} (pid ${holder.pid}, ${holder.command})` : 'another program'
}

function pidFromProc(port: number): number | undefined {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port))
  if (sockets.length === 0) return undefined
  return pids().find((pid) => openSockets(pid).some((inode) => sockets.includes(inode)))
}

function pidFromLsof(port: number): number | undefined {
  const pids = run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'])
  return Number(pids.split('\n')[0]) || undefined
}

/** Each line: index, local address, remote address, state (0A is LISTEN), …; the tenth field is the inode. */
function listening(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return read(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(suffix))
    .map((fields) => fields[9]!)
}

const pids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

function openSockets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode ? [inode] : []
    })
  } catch {
    return []
  }
}

const commandLine = (pid: number): string =>
  process.platform === 'linux'
    ? read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
    : run('ps', ['-o', 'command=', '-p', String(pid)]).trim()

/** An argument may hold line breaks, and what a terminal obeys. */
const onOneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, escape)

const escape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const shorten = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text)

function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function run(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return ''
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
