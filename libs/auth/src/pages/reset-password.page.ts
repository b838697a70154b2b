import { html, type Html } from '@ashlar/core/http'
import { layout } from './layout.ts'
import { linkForm, type LinkFormProps } from './link-form.ts'

export function resetPasswordPage(props: LinkFormProps): Html {
  const { appName, faults } = props
  const wrong = faults.filter(({ pointer }) => pointer === '/body/password')
  const fault = wrong.map(({ detail }) => detail).join('. ')
  const fields = html`<label for="password">New password</label>
    <p class="hint" id="rule">8 to 128 characters. Common passwords are refused.</p>
    ${fault === '' ? '' : html`<p class="fault" id="fault" role="alert">${fault}.</p>`}
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="new-password"
      aria-describedby="rule${fault === '' ? '' : ' fault'}"
      ${fault === '' ? '' : html`aria-invalid="true"`}
      required
      autofocus
    />
    <button type="submit">Set the password</button>`
  const content = html`${linkForm('/reset-password', props, fields)}
    <p class="note">Every device that is logged in to your account will be logged out.</p>`
  return layout({ appName, title: 'Choose a new password', content })
}
