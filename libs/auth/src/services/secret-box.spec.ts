import { randomBytes } from 'node:crypto'
import { createSecretBox } from './secret-box.ts'

const newKey = () => randomBytes(32).toString('base64')
const secret = Uint8Array.from(randomBytes(20))

describe('a secret box', () => {
  it('opens what it sealed, which looks different each time', () => {
    const box = createSecretBox([newKey()])
    const [a, b] = [box.seal(secret, 'user 1'), box.seal(secret, 'user 1')]
    expect(a).not.toEqual(b)
    expect(Buffer.from(a).includes(Buffer.from(secret))).toBe(false)
    for (const sealed of [a, b])
      expect(box.open(sealed, 'user 1')).toEqual({ secret, isOld: false })
  })

  it('opens nothing that was moved to another place, changed, or cut', () => {
    const box = createSecretBox([newKey()])
    const sealed = box.seal(secret, 'user 1')
    expect(() => box.open(sealed, 'user 2')).toThrow('No key opens the secret of user 2')
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(() => box.open(changed, 'user 1')).toThrow('No key opens')
    }
    expect(() => box.open(sealed.subarray(0, 40), 'user 1')).toThrow('No key opens')
    expect(() => box.open(new Uint8Array(), 'user 1')).toThrow()
  })

  it('reads what an older key sealed, says so, and seals with the newest', () => {
    const [older, newer] = [newKey(), newKey()]
    const sealed = createSecretBox([older]).seal(secret, 'user 1')
    const box = createSecretBox([newer, older])
    expect(box.open(sealed, 'user 1')).toEqual({ secret, isOld: true })
    expect(createSecretBox([newer]).open(box.seal(secret, 'user 1'), 'user 1').isOld).toBe(false)
  })
})
