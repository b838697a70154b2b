import { linksOf } from './index.ts'

const pageOf = (page: number, total: number) => ({
  data: [],
  pagination: { total, page, per_page: 100 },
  hasNext: page * 100 < total,
})

describe('links', () => {
  it('keep a question mark that is part of a value', () => {
    expect(linksOf('/stones?filters=name:a?b&x=1', pageOf(1, 1))).toBe(
      '</stones?filters=name%3Aa%3Fb&x=1&page=1>; rel="first", </stones?filters=name%3Aa%3Fb&x=1&page=1>; rel="last"',
    )
  })

  it('cannot be ended by what stands in the path', () => {
    expect(linksOf('/stones/a>;b"', pageOf(1, 1))).toMatch(/^<\/stones\/a%3E;b%22\?page=1>/)
  })

  it('lead to no page that would be refused', () => {
    const links = linksOf('/stones', pageOf(1_000, 100_101))
    expect(links).toContain('page=999>; rel="prev"')
    expect(links).not.toMatch(/rel="(next|last)"/)
    expect(linksOf('/stones', pageOf(999, 100_000))).toContain('page=1000>; rel="next"')
  })

  it('lead back from beyond the end', () => {
    expect(linksOf('/stones', pageOf(50, 250))).toContain('page=3>; rel="prev"')
  })
})
