import { randomInt } from 'node:crypto'
import type { Request } from 'autocannon'
import type { Workload } from './load.ts'

const list = '/api/v1/users?sort=createdAt:desc&filters=status:active&per_page=20'

export function createWorkloads(tokens: string[]): Workload[] {
  const get = (path: string): Request[] =>
    tokens.map((token) => ({ path, headers: { authorization: `Bearer ${token}` } }))
  const anyPage = () =>
    tokens.map((token, index) => ({
      path: `${list}&page=${1 + (index % 20)}`,
      headers: { authorization: `Bearer ${token}` },
    }))
  return [
    ...[1, 32, 128].map((connections) => ({
      name: 'W1 profile',
      connections,
      requests: get('/api/v1/profile'),
    })),
    ...[1, 32, 128].map((connections) => ({
      name: 'W2 list',
      connections,
      requests: get(list),
    })),
    { name: 'W2 list, any of 20 pages', connections: 32, requests: anyPage() },
    { name: 'W3 write', connections: 32, requests: writes() },
  ]
}

/** Each from an address of its own, because the limit on this route is for each address and stays on. */
function writes(): Request[] {
  return Array.from({ length: 256 }, (_, index) => ({
    method: 'POST' as const,
    path: '/api/v1/auth/restore-password',
    body: JSON.stringify({ email: `user${index * 5 + 1}@example.com` }),
    setupRequest: (request: Request) => ({
      ...request,
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`,
      },
    }),
  }))
}
