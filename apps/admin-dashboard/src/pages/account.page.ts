import type { UserDto } from '@ashlar/auth/contract'
import { html, type Html } from '@ashlar/core/http'
import { layout } from './layout.ts'

export interface AccountPageProps {
  appName: string
  admin: Pick<UserDto, 'username' | 'email'>
}

export function accountPage({ appName, admin }: AccountPageProps): Html {
  const content = html`<h1>Your account</h1>
    <p>You are logged in as <strong>${admin.username}</strong> (${admin.email}).</p>
    <form method="post" action="/logout">
      <button type="submit">Log out</button>
    </form>
    <p class="note"><a href="/queues">Back to the queues</a></p>`
  return layout({ appName, title: 'Your account', content })
}
