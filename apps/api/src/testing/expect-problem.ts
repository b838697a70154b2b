import { faultsOf, read, type Answer } from './serve-api.ts'

/** What every failure is: problem details with the headers of every answer. Returns its faults, as `pointer code`. */
export function expectProblem(answer: Answer, status: number, code?: string): string[] {
  const { headers, path } = answer
  const problem = read<{ code: string; errors?: object[] }>(answer)
  expect([answer.status, headers['content-type'], problem.code]).toEqual([
    status,
    'application/problem+json',
    code ?? problem.code,
  ])
  expect(problem).toMatchObject({
    status,
    instance: path,
    requestId: headers['x-request-id'],
    type: `http://api.test/problems/${problem.code}`,
  })
  expect(headers['content-security-policy']).toContain("default-src 'none'")
  expect(headers['cache-control']).toBe('no-store')
  expect(Boolean(problem.errors)).toBe(status === 422)
  return faultsOf(answer)
}
