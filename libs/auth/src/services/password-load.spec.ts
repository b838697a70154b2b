import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import request from 'supertest'
import { createUser, signIn, startAuth } from '../testing/index.ts'

it('many log-ins at once hold up no other request, and those too many are told when to come again', async () => {
  const auth = await startAuth({ AUTH_PASSWORD_QUEUE: '10' })
  const { user, password } = await createUser(auth.store)
  const headers = await signIn(auth.url, { email: user.email, password })
  // Accounts of their own, because log-ins to one wait for each other's lock.
  const accounts = await Promise.all(Array.from({ length: 40 }, () => createUser(auth.store)))
  let answered = 0
  const logins = accounts.map(async ({ user: { email }, password }) => {
    const answer = await request(auth.url).post('/api/v1/auth/login').send({ email, password })
    answered += 1
    return answer
  })
  // The first to be refused shows that the queue is full.
  await Promise.race(logins)
  await request(auth.url).get('/api/v1/profile').set(headers).expect(200)
  await Promise.all([readFile(__filename), lookup('localhost')])
  expect(answered).toBeLessThan(40)

  const answers = await Promise.all(logins)
  const refused = answers.filter(({ status }) => status === 503)
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(12)
  expect(refused.length).toBeGreaterThan(0)
  for (const { body, headers } of refused) {
    expect(body.code).toBe('auth.overloaded')
    expect(headers['retry-after']).toBe('2')
  }
  await auth.stop()
})
