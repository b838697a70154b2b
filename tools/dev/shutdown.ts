/** Calls `stop` once when a signal comes or whoever started us is gone; `force` when a person asks again. */
export function onShutdown(stop: () => void, force: () => void) {
  let askedAt = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask)
  process.once('disconnect', ask)
  // A reader that is gone (`… | head`) wants no more either.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ask)

  function ask() {
    // One Ctrl-C arrives several times: from the terminal, and passed on by npm and by bootstrap.mjs.
    const again = askedAt > 0 && Date.now() - askedAt > 500
    if (again) return force()
    if (askedAt > 0) return
    askedAt = Date.now()
    stop()
  }
}
