// A process of its own, because Jest loads no ES modules.
import { Provider, type ClientMetadata } from 'oidc-provider'

interface Account {
  sub: string
  email: string
  email_verified: boolean
  /** The domain of an account that a company manages. */
  hd?: string
  name: string
}

/** Whoever sits at the browser. */
let account: Account | undefined

const [, , client = ''] = process.argv
const { port, ...metadata } = JSON.parse(client) as ClientMetadata & { port: number }

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [metadata],
  claims: { openid: ['sub'], email: ['email', 'email_verified', 'hd'], profile: ['name'] },
  // As Google does: the claims are in the ID token.
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  findAccount: (_context, id) =>
    account && { accountId: id, claims: () => ({ ...account, sub: id }) },
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client?.clientId ?? '',
      accountId: context.oidc.session?.accountId ?? '',
    })
    grant.addOIDCScope('openid email profile')
    await grant.save()
    return grant
  },
})

provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) {
    await next()
    return
  }
  const login = { accountId: account?.sub ?? '', remember: false }
  await provider.interactionFinished(context.req, context.res, { login })
  context.respond = false
})

process.on('message', (next: Account) => {
  account = next
  process.send?.('known')
})
provider.listen(port, '127.0.0.1', () => process.send?.('ready'))
