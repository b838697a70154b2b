// Measures what an answer costs on its way through its response schema: a user of eight members out of a row of ten, and a page of twenty of them.
// Prints one line of JSON for each: CPU time in microseconds, round by round, each way in turn. To be bundled; the argument is the number of rounds.
import { z } from 'zod'
import { createSerializer } from '@ashlar/core/http'
import type { Serialization, SerializationRound } from './report.ts'

const User = z.object({
  id: z.int(),
  username: z.string().regex(/^[A-Za-z0-9_.-]{3,50}$/),
  email: z.email(),
  emailVerified: z.boolean(),
  status: z.enum(['active', 'inactive']),
  role: z.enum(['user', 'admin']),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

const rows = Array.from({ length: 20 }, (_, index) => ({
  id: index + 1,
  username: `mason-${index}`,
  email: `mason-${index}@example.com`,
  emailVerified: index % 2 === 0,
  status: 'active',
  role: 'user',
  passwordHash:
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaA',
  pendingEmail: null,
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
}))

/** Long enough for the clock of the CPU, short enough for all ways to meet the same moment of the machine. */
const batchMs = 100

main(Number(process.argv[2] ?? 5))

function main(rounds: number): void {
  tell('one user', User, rows[0])
  tell('twenty users', z.array(User), rows)

  function tell(answer: string, schema: z.ZodType, result: unknown): void {
    const compiled = createSerializer(schema, { name: answer, envelope: true, strict: false })
    const ways: Record<keyof SerializationRound, () => string> = {
      parsedUs: () => JSON.stringify({ data: schema.parse(result) }),
      compiledUs: () => compiled(result),
      wholeUs: () => JSON.stringify({ data: result }),
    }
    if (ways.compiledUs() !== ways.parsedUs()) throw new Error(`The answers differ: ${answer}`)
    const measured = Array.from({ length: rounds + 1 }, () => measureEach(ways))
    // The first round warms up.
    const line: Serialization = { answer, rounds: measured.slice(1) }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
}

function measureEach(ways: Record<keyof SerializationRound, () => string>): SerializationRound {
  return {
    parsedUs: cpuUsOf(ways.parsedUs),
    compiledUs: cpuUsOf(ways.compiledUs),
    wholeUs: cpuUsOf(ways.wholeUs),
  }
}

function cpuUsOf(write: () => string): number {
  const end = performance.now() + batchMs
  const before = process.cpuUsage()
  let answers = 0
  while (performance.now() < end) for (let turn = 0; turn < 100; turn++, answers++) write()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / answers
}
