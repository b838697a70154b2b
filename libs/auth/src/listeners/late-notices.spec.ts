import request from 'supertest'
import { eventually } from '@ashlar/core/testing'
import { createUser, signIn, startMailedAuth, type MailedAuth } from '../testing/index.ts'

let auth: MailedAuth
beforeAll(async () => {
  auth = await startMailedAuth({ AUTH_API_KEYS_ENABLED: 'true' })
})
afterEach(() => auth.smtp.accept())
afterAll(() => auth.stop())

const password = 'another wall of stone'

/** Somebody with the password of an account, and a mail server that takes no mail for now. */
async function thief() {
  const { user, password: currentPassword } = await createUser(auth.store)
  const headers = await signIn(auth.url, { email: user.email, password: currentPassword })
  auth.smtp.refuse(451)
  const email = `thief-${user.email}`
  let present = user.email
  return { user, email, patch, confirm, remove, createKey }

  async function patch(body: object, knows = currentPassword) {
    const given = { ...body, currentPassword: knows }
    await putOff(() =>
      request(auth.url).patch('/api/v1/profile').set(headers).send(given).expect(200),
    )
  }

  /** Waits until the notice of the change was refused: an attempt under way may yet be taken. */
  async function putOff(change: () => Promise<unknown>) {
    const refusals = () => auth.smtp.refused.filter((address) => address === present).length
    const before = refusals()
    await change()
    await eventually(() => refusals() > before)
  }

  async function createKey() {
    const body = { name: 'k', scopes: ['profile:read'], currentPassword }
    await putOff(() =>
      request(auth.url).post('/api/v1/auth/api-keys').set(headers).send(body).expect(201),
    )
  }

  async function confirm() {
    const token = await auth.issue('verify_email', { userId: user.id, email, ttlMs: 60_000 })
    await request(auth.url).post('/api/v1/auth/verify-email').send({ token }).expect(204)
    present = email
  }

  async function remove() {
    await request(auth.url).delete('/api/v1/profile').set(headers).expect(204)
  }
}

/** The notices, without links: one to the new address may be on its way already. */
async function noticesOnceTaken(email: string): Promise<string[]> {
  auth.smtp.accept()
  await auth.settled()
  return auth.smtp.mails
    .filter(({ recipients, text }) => recipients.includes(email) && !text.includes('token='))
    .map(({ subject, text }) => `${subject.replace(/test \w+/, 'X')} | ${text.split('\n')[0]}`)
}

describe('a notice whose first delivery was put off', () => {
  it('of a change of the address goes to the old one, and says that it has happened', async () => {
    const { user, email, patch, confirm } = await thief()
    await patch({ email })
    await confirm()
    const subject = 'The address of your X account was changed'
    expect(await noticesOnceTaken(user.email)).toEqual([`${subject} | Hello ${user.username}`])
    expect(await noticesOnceTaken(email)).toEqual([])
  })

  it('of the first of two changes goes to the first address, that of the second to the second', async () => {
    const { user, email, patch, confirm } = await thief()
    await patch({ email })
    await confirm()
    await patch({ email: `far-${email}` })
    const hello = `Hello ${user.username}`
    expect(await noticesOnceTaken(user.email)).toEqual([
      `The address of your X account was changed | ${hello}`,
    ])
    expect(await noticesOnceTaken(email)).toEqual([
      `The address of your X account is about to change | ${hello}`,
    ])
  })

  it('of a change is not sent where a new password took the change back', async () => {
    const { user, email, patch } = await thief()
    await patch({ email })
    await patch({ password })
    expect(await noticesOnceTaken(user.email)).toEqual([
      `The password of your X account was changed | Hello ${user.username}`,
    ])
    expect(await noticesOnceTaken(email)).toEqual([])
  })

  it('of a new password goes to the address that the account had then', async () => {
    const { user, email, patch, confirm } = await thief()
    await patch({ password })
    await patch({ email }, password)
    await confirm()
    expect(await noticesOnceTaken(user.email)).toContain(
      `The password of your X account was changed | Hello ${user.username}`,
    )
    expect(await noticesOnceTaken(email)).toEqual([])
  })

  it('of a new API key goes to the address that the account had then', async () => {
    const { user, email, patch, confirm, createKey } = await thief()
    await createKey()
    await patch({ email })
    await confirm()
    expect(await noticesOnceTaken(user.email)).toContain(
      `The access to your X account changed | Hello ${user.username}`,
    )
    expect(await noticesOnceTaken(email)).toEqual([])
  })

  it('is not lost with the account', async () => {
    const { user, patch, remove } = await thief()
    await patch({ password })
    await remove()
    expect(await noticesOnceTaken(user.email)).toEqual([
      `The password of your X account was changed | Hello ${user.username}`,
    ])
  })
})

it('what happens after a change of the address is told to the new one', async () => {
  const { user, email, patch, confirm } = await thief()
  await patch({ email })
  await confirm()
  await noticesOnceTaken(user.email)
  auth.smtp.refuse(451)
  await patch({ password })
  expect(await noticesOnceTaken(email)).toEqual([
    `The password of your X account was changed | Hello ${user.username}`,
  ])
})
