import { isIP } from 'node:net'
import { z } from 'zod'

/** `true` or `false`. */
export const flag = () =>
  z.enum(['true', 'false'], { error: 'must be true or false' }).transform((text) => text === 'true')

/** A TCP port, 0 to 65535; 0 lets the system choose. */
export const port = () => integer(0, 65_535)

/** An IP address, with or without the brackets of a URL and with its zone, or a name for one. */
export const host = () =>
  z
    .string()
    .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
    .refine((text) => isIP(text) !== 0 || isHostName(text), {
      error: 'must be an IP address or a host name, without a scheme or a port',
    })

/** Digits and dots alone are a broken address and no name. */
const isHostName = (text: string): boolean =>
  /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.|$))+$/i.test(text) &&
  !/^[\d.]+$/.test(text)

/** A whole number in plain digits. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number)

/** A part of a whole, 0 to 1. Stays text, as the OpenTelemetry SDK reads it. */
export const share = () =>
  z.string().regex(/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/, {
    error: 'must be a number from 0 to 1',
  })

const address = '[^\\s<>@,;:"]+@[\\w.-]+'

/** One address, alone or after a name: `no-reply@example.com`, `Ashlar <no-reply@example.com>`, `"Ashlar, Inc." <no-reply@example.com>`. */
export const mailbox = new RegExp(
  `^(?:${address}|(?:"[^"\\r\\n]*"|[^<>@,;:"\\r\\n]*) ?<${address}>)$`,
)

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A time span like `500ms`, `10s`, `15m`, `12h` or `7d`; the value is in milliseconds. */
export const duration = () =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}(ms|s|m|h|d)$/, {
      error: 'must be a time span like 500ms, 10s, 15m, 12h or 7d',
    })
    .transform((text) => {
      const [, amount, unit] = /^(\d+)(\D+)$/.exec(text) as unknown as [
        string,
        string,
        keyof typeof unitMs,
      ]
      return Number(amount) * unitMs[unit]
    })

/** An absolute URL in one of the given schemes. */
export const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.some((scheme) => isOf(scheme, text)), {
    error: `must be a URL beginning with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  })

const isOf = (scheme: string, text: string) => text.toLowerCase().startsWith(`${scheme}://`)

/** Text with commas between the items; blanks around an item do not count. */
export const commaSeparated = () =>
  z.string().transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  )
