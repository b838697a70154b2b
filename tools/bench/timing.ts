// Compares how long requests take that must not tell whether an account exists, on the servers at DATABASE_URL (a test database) and REDIS_URL:
// log-in, restore and resend for a known, an unknown and an inactive account, and a quiet registration with a free and a taken address, one at a time
// and in turn. Prints one line of JSON for each: medians in milliseconds, and their ratios to the first. To be bundled; the argument is the number of rounds.
import { randomBytes } from 'node:crypto'
import { buildRegistration, createUser, startAuth, type TestAuth } from '@ashlar/auth/testing'
import { median, type Timing } from './report.ts'

const password = randomBytes(12).toString('base64url')

type Request = () => [path: string, body: object]

const requests: Record<string, (email: string) => ReturnType<Request>> = {
  login: (email) => ['login', { email, password }],
  restore: (email) => ['restore-password', { email }],
  resend: (email) => ['verify-email/resend', { email }],
}

void main(Number(process.argv[2] ?? 500))

async function main(rounds: number): Promise<void> {
  const auth = await startAuth({ LOG_LEVEL: 'error', AUTH_REGISTRATION_QUIET: 'true' })
  const [known, inactive] = [await verifiedUser(auth), await verifiedUser(auth)]
  await auth.store.users.update(inactive.id, { status: 'inactive' })
  const emails = [known.email, 'nobody@example.com', inactive.email]
  for (const [name, build] of Object.entries(requests))
    await tell(
      name,
      emails.map((email) => () => build(email)),
    )
  await tell('register (quiet)', [
    () => ['register', buildRegistration()],
    () => ['register', buildRegistration({ email: known.email })],
  ])
  await auth.stop()

  async function tell(request: string, all: Request[]): Promise<void> {
    const [base = 0, ...others] = await compare(auth, all, rounds)
    const [unknown = 0, inactive] = others.map((each) => each / base)
    const timing: Timing = {
      request,
      rounds,
      medianMs: base,
      unknown,
      ...(inactive !== undefined && { inactive }),
    }
    process.stdout.write(`${JSON.stringify(timing)}\n`)
  }
}

async function verifiedUser({ store, clock }: TestAuth) {
  const { user } = await createUser(store)
  return store.users.update(user.id, { emailVerifiedAt: clock.now() })
}

/** The median time of each, in turn, so that what else the machine does meets all of them; and in an order that changes. */
async function compare(auth: TestAuth, all: Request[], rounds: number): Promise<number[]> {
  const times = all.map((): number[] => [])
  for (let warmUp = 0; warmUp < 20; warmUp++) for (const each of all) await send(auth, ...each())
  for (let turn = 0; turn < rounds * all.length; turn++) {
    const which = (turn + Math.floor(turn / all.length)) % all.length
    const request = all[which]!()
    const begun = performance.now()
    await send(auth, ...request)
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
