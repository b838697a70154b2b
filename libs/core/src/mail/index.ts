export type { Email } from './email.ts'
export { mailRefused, mailUnavailable } from './mail.errors.ts'
export { createMailer, type Mailer, type MailerDeps, type SendOptions } from './mailer.ts'
export { renderTemplate, type TemplateProps } from './render-template.ts'
