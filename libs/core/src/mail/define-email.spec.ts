import { z } from 'zod'
import { defineEmail } from './define-email.ts'

const Props = z.object({ user: z.object({ name: z.string(), email: z.string() }) })
const user = { name: 'Ada', email: 'ada@example.com' }

const greeting = defineEmail('quarry.greeting', Props, {
  sample: { user },
  render: ({ user }) => ({
    to: user.email,
    subject: `Hello ${user.name}`,
    html: '<h1>Hello</h1><p>See <a href="https://example.com/stones?token=a1">the stones</a> &amp; stay.</p>',
    ...(user.name === 'Own' && { text: 'Own words.\n' }),
  }),
})

describe('a declared mail', () => {
  it('is a function of its props, and knows its name', () => {
    expect(greeting({ user })).toMatchObject({
      template: 'quarry.greeting',
      to: 'ada@example.com',
      subject: 'Hello Ada',
    })
    expect(greeting.render(greeting.sample)).toEqual(greeting({ user }))
  })

  it('gets a text part from its HTML, with each link whole and on one line', () => {
    expect(greeting({ user }).text).toBe(
      'Hello\n\nSee the stones https://example.com/stones?token=a1 & stay.\n',
    )
  })

  it('keeps a text part of its own', () => {
    expect(greeting({ user: { ...user, name: 'Own' } }).text).toBe('Own words.\n')
  })

  it('sees of a row only what its schema names', () => {
    const seen: unknown[] = []
    const curious = defineEmail('quarry.curious', Props, {
      sample: { user },
      render: (props) => {
        seen.push(props)
        return { to: 'a@example.com', subject: 'S', html: '<p>H</p>' }
      },
    })
    const row = { ...user, passwordHash: 's3cret' }
    curious({ user: row })
    expect(seen).toEqual([{ user }])
  })

  it('refuses props that break its schema, naming the member and no value', () => {
    const render = () => greeting.render({ user: { name: 'Ada', email: 7 } })
    expect(render).toThrow('quarry.greeting: The payload does not match its schema: /user/email')
    expect(render).not.toThrow('Ada')
  })

  it('needs a name of the form <module>.<what>', () => {
    expect(() => defineEmail('greeting', Props, { ...greeting, sample: { user } })).toThrow(
      'must be <module>.<what>',
    )
  })
})
