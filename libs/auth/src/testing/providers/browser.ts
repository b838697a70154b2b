import { createHash, randomBytes } from 'node:crypto'
import { CookieJar } from 'tough-cookie'

/** Public origin of the api in these tests, behind which it listens on another port. */
export const appUrl = 'http://localhost:3000'

/** Keeps cookies and follows redirects one by one; the origin of the api leads to where it listens. */
export function createBrowser(apiUrl: string) {
  const jar = new CookieJar(undefined, { allowSpecialUseDomain: true })
  return { jar, visit, travel }

  async function visit(url: string): Promise<Response> {
    const headers = { cookie: await jar.getCookieString(url) }
    const target = url.startsWith(appUrl) ? apiUrl + url.slice(appUrl.length) : url
    const answer = await fetch(target, { headers, redirect: 'manual' })
    for (const cookie of answer.headers.getSetCookie()) await jar.setCookie(cookie, url)
    return answer
  }

  /** Follows redirects up to the first address that begins so, and gives that without going there. */
  async function travel(url: string, until: string): Promise<string> {
    let here = url
    for (let hop = 0; hop < 10 && !here.startsWith(until); hop += 1) {
      const answer = await visit(here)
      const location = answer.headers.get('location')
      if (!location) throw new Error(`${here} answered ${answer.status}: ${await answer.text()}`)
      here = new URL(location, here).href
    }
    return here
  }
}

/** What a page makes before it begins. */
export function createPkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}
