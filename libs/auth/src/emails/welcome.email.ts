import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/welcome.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, app: App })

export const welcomeEmail = defineEmail('auth.welcome', Props, {
  sample,
  render({ user: { username, email }, app }) {
    const docsUrl = `${app.url}/docs`
    return {
      to: email,
      subject: `Welcome to ${app.name}`,
      html: renderTemplate(html, { username, appName: app.name, docsUrl }),
      text: `Welcome, ${username}\n\nYour ${app.name} account is ready. You can log in with this e-mail address right away.\n\nLook around: ${docsUrl}\n`,
    }
  },
})
