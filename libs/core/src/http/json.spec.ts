import { array, assert, constantFrom, integer, jsonValue, property, string } from 'fast-check'
import { measureCpu } from '../../testing/measure-cpu.ts'
import type { AppError } from '../errors/index.ts'
import { parseJson } from './json.ts'

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    assert(
      property(jsonValue({ maxDepth: 6 }), integer({ min: 0, max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses whatever JSON.parse refuses, and only as malformed', () => {
    const pieces = constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      '1',
      'null',
      '"a"',
      ' ',
      '\\u0061',
    )
    assert(
      property(array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join('')
        const refused = codeOf(() => JSON.parse(text)) !== undefined
        if (refused) expect(codeOf(() => parseJson(text))).toBe('request.malformed_json')
      }),
    )
  })

  it('finds a name that comes twice at any place and in any spelling', () => {
    assert(
      property(string(), jsonValue(), string(), (name, value, inner) => {
        const member = `${escaped(name)}:${JSON.stringify(value)}`
        const object = `{"${name === '' ? 'x' : ''}":[{"in":${JSON.stringify(inner)}}],${member},${JSON.stringify(name)}:1}`
        expect(codeOf(() => parseJson(`[0,${object}]`))).toBe('request.duplicate_key')
      }),
    )
  })

  it.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":["a","a"]}',
    '"a"',
    '{"a":"\\"a\\":"}',
  ])('takes %s, where nothing comes twice', (text) =>
    expect(parseJson(text)).toEqual(JSON.parse(text)),
  )

  it('takes 32 levels and refuses 33', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    expect(() => parseJson(nested(32))).not.toThrow()
    expect(codeOf(() => parseJson(nested(33)))).toBe('request.nested_too_deep')
    expect(codeOf(() => parseJson(nested(51_200)))).toBe('request.nested_too_deep')
    expect(codeOf(() => parseJson('[{"a":'.repeat(17_000)))).toBe('request.malformed_json')
  })

  it('takes time in proportion to the text', async () => {
    const names = Array.from({ length: 9_000 }, (_, index) => `"n${index}":"\\\\\\""`)
    const { cpuMs } = await measureCpu(() => {
      parseJson(`{${names.join()}}`)
      parseJson(JSON.stringify('\\'.repeat(50_000)))
    })
    expect(cpuMs).toBeLessThan(2_000)
  })

  it('gives a member called __proto__ as data', () => {
    const value = parseJson('{"__proto__":{"polluted":true}}') as object
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect('polluted' in {}).toBe(false)
  })
})

const escaped = (text: string): string =>
  `"${[...text]
    .flatMap((character) => character.split(''))
    .map(unicodeEscape)
    .join('')}"`

const unicodeEscape = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as AppError).code ?? 'other'
  }
}
