import { z } from 'zod'

/** The application as its mails name it. */
export type App = z.infer<typeof App>
export const App = z.object({
  name: z.string(),
  url: z.string(),
  /** Where the pages behind links with a token are. */
  pagesUrl: z.string(),
})

/** Whom a mail goes to and greets; a whole user may be passed. */
export const Recipient = z.object({ username: z.string(), email: z.string() })

/** For the preview. */
export const sample = {
  user: { username: 'ada', email: 'ada@example.com' },
  app: {
    name: 'Ashlar',
    url: 'http://localhost:3000',
    pagesUrl: 'http://localhost:3000',
  },
  token: 'this-is-where-the-token-stands',
}
