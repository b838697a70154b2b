import { html, type Html } from '@ashlar/core/http'
import { layout } from './layout.ts'

export interface LoginPageProps {
  appName: string
  /** Why the last attempt was refused. */
  fault?: string
  /** Whether the account turned out to have a second factor. */
  asksForCode?: boolean
}

export function loginPage({ appName, fault, asksForCode = false }: LoginPageProps): Html {
  const alert = fault ? html`<p class="alert" role="alert">${fault}</p>` : ''
  const content = html`<h1>Log in</h1>
    ${alert}
    <form method="post" action="/login">
      <label for="email">E-mail</label>
      <input
        id="email"
        name="email"
        type="email"
        autocomplete="username"
        required
        maxlength="254"
        autofocus
      />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
      />
      ${asksForCode ? codeField() : ''}
      <button type="submit">Log in</button>
    </form>
    <p class="note">For administrators only.</p>`
  return layout({ appName, title: 'Log in', content })
}

const codeField = (): Html =>
  html`<label for="code">Code of the authenticator app, or a recovery code</label>
    <input id="code" name="code" autocomplete="one-time-code" required maxlength="100" />`
