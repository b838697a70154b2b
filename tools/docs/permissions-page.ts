import type { Route } from '@ashlar/core/http'
import { composeForDocs } from './compose-for-docs.ts'
import { code, markdownTable } from './markdown-table.ts'

/** Whom the table asks for: what a policy looks at before it knows what is asked for. */
const callers = {
  nobody: undefined,
  inactive: { id: 1, role: 'user', status: 'inactive' },
  user: { id: 1, role: 'user', status: 'active' },
  admin: { id: 1, role: 'admin', status: 'active' },
} as const

type Caller = (typeof callers)[keyof typeof callers]

/** Who gets past the door of each route, as guards and policies themselves say. */
export async function describePermissions(): Promise<string> {
  const rows: string[][] = []
  for (const { routes = [] } of composeForDocs().modules)
    for (const route of routes.flatMap(({ list }) => list))
      rows.push([code(`${route.method.toUpperCase()} ${route.path}`), ...(await answersOf(route))])
  return [
    '# Permissions',
    '',
    'Generated from guards and policies by `npm run docs`; `apps/api/src/permissions.spec.ts` holds it against the running API.',
    '',
    'What a caller gets before anything is looked up: 401 (not known), 403 (known, not allowed), or the route. Whether a resource is one’s own is decided behind it: see the policies of each module.',
    '',
    ...markdownTable(['Route', ...Object.keys(callers)], rows),
    '',
  ].join('\n')
}

const answersOf = (route: Route): Promise<string[]> =>
  Promise.all(Object.values(callers).map((caller) => answerTo(route, caller)))

async function answerTo({ contract }: Route, caller: Caller): Promise<string> {
  if (!contract.guard) return 'yes'
  if (!caller) return '401'
  if (contract.guard.name === 'activeUser' && caller.status !== 'active') return '403'
  return contract.policy && !(await contract.policy({ user: caller } as never)) ? '403' : 'yes'
}
