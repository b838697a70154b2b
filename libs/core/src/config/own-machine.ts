/** Whether a host name of a URL names the machine itself, whose traffic nobody else sees. */
export function isOwnMachine(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  return (
    /(?:^|\.)localhost$/.test(name) ||
    /^127(?:\.\d+){3}$/.test(name) ||
    ['0.0.0.0', '[::]', '[::1]', '::1', ''].includes(name) ||
    name.startsWith('[::ffff:7f')
  )
}

/** Whether programs and people elsewhere can use this address: https, and not of this machine. */
export function isPublicAddress(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'https:' && !isOwnMachine(url.hostname)
}
