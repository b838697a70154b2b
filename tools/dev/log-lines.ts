import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export type Paint = (style: Style, text: string) => string
type Style = keyof typeof codes

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 }
const palette: Style[] = ['cyan', 'magenta', 'blue', 'green']
const levels: Record<string, Style> = {
  trace: 'dim',
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}
const names: Record<number, string> = Object.fromEntries(
  Object.keys(levels).map((name, index) => [(index + 1) * 10, name]),
)

/** Known to everyone who reads it here, so left out: the process stands in front, the rest is of this machine. */
const leftOut = new Set([
  ...['level', 'time', 'pid', 'hostname', 'name', 'msg', 'process', 'service', 'err', 'error'],
  ...['traceId', 'spanId', 'traceFlags', 'v'],
])

export function createPaint(colored: boolean): Paint {
  return (style, text) => (colored ? `\x1b[${codes[style]}m${text}\x1b[0m` : text)
}

/** Prints what a process says, line by line under its name: its JSON short, anything else as it is. */
export function printLines(
  stream: Readable,
  name: string,
  order: number,
  paint: Paint,
  write: (line: string) => void,
) {
  const label = paint(palette[order % palette.length]!, name.padEnd(15))
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    if (line.trim()) write(`${label} ${describeLogLine(line, paint)}`)
  })
}

export function describeLogLine(line: string, paint: Paint) {
  const entry = parse(line)
  if (!entry) return line
  // pino writes numbers unless told to write names.
  const name = names[Number(entry.level)] ?? text(entry.level)
  const stack = stackOf(entry.err ?? entry.error)
  return [
    paint('dim', timeOf(entry.time)),
    paint(levels[name] ?? 'green', name.padEnd(5)),
    describeRequest(entry) ?? text(entry.msg),
    ...describeFields(entry, paint),
    ...(stack ? [`\n${paint('dim', stack)}`] : []),
  ]
    .filter(Boolean)
    .join(' ')
}

function parse(line: string) {
  if (!line.startsWith('{')) return undefined
  try {
    const entry = JSON.parse(line) as Record<string, unknown>
    return 'level' in entry ? entry : undefined
  } catch {
    return undefined
  }
}

function timeOf(time: unknown) {
  const date = new Date(time as string | number)
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8)
}

const requestFields = new Set(['method', 'path', 'route', 'status', 'durationMs'])

/** The log line of an answered request reads as such. */
function describeRequest({ method, path, status, durationMs }: Record<string, unknown>) {
  if (!method || !path || !status) return undefined
  return `${text(method)} ${text(path)} ${text(status)} ${text(durationMs)} ms`
}

function describeFields(entry: Record<string, unknown>, paint: Paint) {
  return Object.entries(entry)
    .filter(([key]) => !leftOut.has(key) && !(describeRequest(entry) && requestFields.has(key)))
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => paint('dim', `${key}=${short(value)}`))
}

function short(value: unknown) {
  const whole = text(value)
  return whole.length > 120 ? `${whole.slice(0, 119)}…` : whole
}

/** What a client sent may stand in a line. It must not end the line here, nor move the cursor, nor turn text around. */
const active = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

function text(value: unknown) {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return whole.replace(active, escape)
}

const escape = (character: string) =>
  character === '\n'
    ? '\\n'
    : character === '\r'
      ? '\\r'
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

function stackOf(error: unknown) {
  if (typeof error !== 'object' || error === null) return text(error)
  const { stack, message } = error as { stack?: string; message?: string }
  // Indented, so that no line of a message can pass for a line of the log.
  return (stack ?? message ?? '').split(/\n\s*/).map(text).join('\n    ')
}
