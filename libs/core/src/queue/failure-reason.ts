import { AppError } from '../errors/index.ts'

/** Their messages quote statements, arguments or answers of servers; their codes (P2021, 42P01, ECONNRESET) do not. */
const talkative = /^(Prisma|DriverAdapter|DatabaseError|error$|ReplyError|ZodError|\$ZodError)/
const longest = 300

/** Why a job failed, in words that may be stored and shown: no value that a library quotes, no second line. */
export function failureReason(error: unknown): string {
  if (error instanceof AppError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'An unknown failure'
  const name = error.constructor.name
  if (talkative.test(name) || talkative.test(error.name))
    return [name, codeOf(error)].filter(Boolean).join(' ')
  return `${error.name}: ${error.message.split('\n')[0]}`.slice(0, longest)
}

function codeOf({ code }: Error & { code?: unknown }): string | undefined {
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : undefined
}

/** The lines of a stack without the message above them. */
export function failureFrames(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : []
  return lines.filter((line) => /^\s+at /.test(line)).join('\n')
}
