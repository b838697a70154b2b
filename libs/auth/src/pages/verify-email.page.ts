import { html, type Html } from '@ashlar/core/http'
import { layout } from './layout.ts'
import { linkForm, type LinkFormProps } from './link-form.ts'

export function verifyEmailPage(props: LinkFormProps): Html {
  const { appName } = props
  const button = html`<button type="submit" autofocus>Confirm the address</button>`
  const content = html`<p>Confirm that the e-mail address to which we sent this link is yours.</p>
    ${linkForm('/verify-email', props, button)}
    <p class="note">If you did not ask for the mail, close this page. Nothing changes.</p>`
  return layout({ appName, title: 'Confirm your address', content })
}
