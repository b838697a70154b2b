import type { Express } from 'express'
import { mountPath } from '@ashlar/core/http'
import { accountPage } from './pages/account.page.ts'
import { sendPage } from './pages/send-page.ts'
import type { AdminSession } from './session/admin-session.ts'

export interface AccountDeps {
  appName: string
  session: AdminSession
}

/** Where Bull-Board, which has no log-out of its own, leads to. */
export function mountAccount(app: Express, { appName, session }: AccountDeps): void {
  mountPath(app, '/account', {
    async get(request, response) {
      const admin = await session.findAdmin(request, response)
      if (admin) sendPage(response, 200, accountPage({ appName, admin }))
      else response.redirect(303, '/login')
    },
  })
}
