import { renderTemplate, type Email } from '@ashlar/core/mail'
import { html } from './generated/welcome.html.ts'

interface WelcomeProps {
  user: { username: string; email: string }
  app: { name: string; url: string }
}

export function welcomeEmail({ user, app }: WelcomeProps): Email {
  const docsUrl = `${app.url}/docs`
  return {
    template: 'auth.welcome',
    to: user.email,
    subject: `Welcome to ${app.name}`,
    html: renderTemplate(html, { username: user.username, appName: app.name, docsUrl }),
    text: `Welcome, ${user.username}\n\nYour ${app.name} account is ready. You can log in with this e-mail address right away.\n\nLook around: ${docsUrl}\n`,
  }
}
