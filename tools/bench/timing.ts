// Compares how long requests take that must not tell whether an account exists, on the servers at DATABASE_URL (a test database) and REDIS_URL:
// log-in, restore and resend for a known, an unknown and an inactive account, one at a time and in turn. Prints one line of JSON for each:
// medians in milliseconds, and their ratios to the known account. To be bundled; the argument is the number of rounds.
import { randomBytes } from 'node:crypto'
import { createUser, startAuth, type TestAuth } from '@ashlar/auth/testing'

const password = randomBytes(12).toString('base64url')

const requests: Record<string, (email: string) => [path: string, body: object]> = {
  login: (email) => ['login', { email, password }],
  restore: (email) => ['restore-password', { email }],
  resend: (email) => ['verify-email/resend', { email }],
}

void main(Number(process.argv[2] ?? 500))

async function main(rounds: number): Promise<void> {
  const auth = await startAuth({ LOG_LEVEL: 'error' })
  const known = await createUser(auth.store)
  const inactive = await createUser(auth.store)
  await auth.store.users.update(inactive.user.id, { status: 'inactive' })
  const emails = [known.user.email, 'nobody@example.com', inactive.user.email]
  for (const [name, build] of Object.entries(requests)) {
    const [base = 0, ...others] = await compare(auth, emails.map(build), rounds)
    const ratios = others.map((each) => Number((each / base).toFixed(3)))
    const result = {
      request: name,
      rounds,
      medianMs: round(base),
      unknown: ratios[0],
      inactive: ratios[1],
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
  await auth.stop()
}

/** The median time of each, in turn, so that what else the machine does meets all of them; and in an order that changes. */
async function compare(
  auth: TestAuth,
  all: [path: string, body: object][],
  rounds: number,
): Promise<number[]> {
  const times = all.map((): number[] => [])
  for (let warmUp = 0; warmUp < 20; warmUp++) for (const each of all) await send(auth, ...each)
  for (let turn = 0; turn < rounds * all.length; turn++) {
    const which = (turn + Math.floor(turn / all.length)) % all.length
    const begun = performance.now()
    await send(auth, ...(all[which] as [string, object]))
    times[which]?.push(performance.now() - begun)
  }
  return times.map(median)
}

async function send({ url }: TestAuth, path: string, body: object): Promise<void> {
  const answer = await fetch(`${url}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await answer.arrayBuffer()
}

const median = (values: number[]): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const round = (milliseconds: number): number => Number(milliseconds.toFixed(2))
