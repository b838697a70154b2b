import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { commandLine } from '../servers/processes.ts'

/** The process that listens on a port, as far as we may see it. */
export function findPortHolder(port: number) {
  const pid = process.platform === 'linux' ? fromProc(port) : fromLsof(port)
  if (!pid) return undefined
  const command = onOneLine(commandLine(pid))
  return { pid, program: basename(command.split(' ')[0] ?? ''), command: shorten(command) }
}

function fromProc(port: number) {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port))
  if (sockets.length === 0) return undefined
  return pids().find((pid) => openSockets(pid).some((inode) => sockets.includes(inode)))
}

/** Each line: index, local address, remote address, state (0A is LISTEN), …; the tenth field is the inode. */
function listening(table: string, port: number) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return read(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(suffix))
    .map((fields) => fields[9]!)
}

function pids() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function openSockets(pid: number) {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode ? [inode] : []
    })
  } catch {
    return []
  }
}

function fromLsof(port: number) {
  try {
    const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t']
    return Number(execFileSync('lsof', args, { encoding: 'utf8' }).split('\n')[0]) || undefined
  } catch {
    return undefined
  }
}

/** An argument may hold line breaks, and what a terminal obeys. */
function onOneLine(text: string) {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function linkTarget(path: string) {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function read(path: string) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function shorten(text: string) {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}
