import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** PEM texts, as `node:tls` takes them. */
export interface Certificate {
  cert: string
  key: string
}

export interface CertificateOptions {
  /** The name or IPv4 address for which it is made. */
  name: string
  /** When its validity ends; in a day if unset. */
  notAfter?: Date
}

export interface CertificateAuthority {
  /** Its own certificate: what a client has to know. */
  cert: string
  issue(options: CertificateOptions): Certificate
}

const dayMs = 86_400_000

/**
 * A private certificate authority for one test. Node reads certificates, but cannot make any.
 *
 * @example
 * const authority = createCertificateAuthority()
 * const { cert, key } = authority.issue({ name: 'localhost' })
 */
export function createCertificateAuthority(): CertificateAuthority {
  const issuer = { name: `Test authority ${randomBytes(4).toString('hex')}`, keys: createKeys() }
  const own = describe({ subject: issuer.name, keys: issuer.keys, extensions: isAuthority })
  return { cert: own, issue }

  function issue({ name, notAfter }: CertificateOptions): Certificate {
    const keys = createKeys()
    const cert = describe({ subject: name, keys, extensions: isFor(name), notAfter })
    return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
  }

  /** RFC 5280 §4.1. */
  function describe({ subject, keys, extensions, notAfter }: Description): string {
    const end = notAfter ?? new Date(Date.now() + dayMs)
    const content = sequence(
      explicit(0, integer(Buffer.from([2]))),
      // Begins with 1, because it may neither be negative nor begin with 0.
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ecdsaWithSha256,
      nameOf(issuer.name),
      sequence(time(new Date(end.getTime() - 3 * dayMs)), time(end)),
      nameOf(subject),
      keys.publicKey.export({ type: 'spki', format: 'der' }),
      explicit(3, extensions),
    )
    const signature = bits(sign('sha256', content, issuer.keys.privateKey))
    return pem(sequence(content, ecdsaWithSha256, signature))
  }
}

interface Description {
  subject: string
  keys: { publicKey: KeyObject; privateKey: KeyObject }
  extensions: Buffer
  notAfter?: Date | undefined
}

const createKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

const tlv = (tag: number, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content)
  const { length } = body
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}
const sequence = (...content: Buffer[]) => tlv(0x30, ...content)
const integer = (bytes: Buffer) => tlv(0x02, bytes)
const explicit = (tag: number, content: Buffer) => tlv(0xa0 + tag, content)
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'))
const octets = (content: Buffer) => tlv(0x04, content)
const bits = (content: Buffer) => tlv(0x03, Buffer.from([0]), content)
const time = (date: Date) =>
  tlv(0x17, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`))

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const nameOf = (text: string) =>
  sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(text)))))

const isTrue = tlv(0x01, Buffer.from([0xff]))
const isAuthority = sequence(sequence(oid('551d13'), isTrue, octets(sequence(isTrue))))

function isFor(name: string): Buffer {
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(name)
  const alternative = address
    ? tlv(0x87, Buffer.from(name.split('.').map(Number)))
    : tlv(0x82, Buffer.from(name))
  return sequence(sequence(oid('551d11'), octets(sequence(alternative))))
}

const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`
