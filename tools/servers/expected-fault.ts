/** A fault that the reader can mend: printed as its message alone, without a stack. */
export class ExpectedFault extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Runs a command line's main function; an expected fault ends it with one message. */
export async function runMain(main: () => Promise<void>) {
  try {
    await main()
  } catch (error) {
    const fault = asExpectedFault(error)
    process.stderr.write(`${fault?.message ?? describe(error)}\n`)
    process.exitCode = fault?.exitCode ?? 1
  }
}

function describe(error: unknown) {
  return error instanceof Error ? error.stack : String(error)
}

export function asExpectedFault(error: unknown) {
  if (error instanceof ExpectedFault) return error
  const { code, path, syscall } = error as NodeJS.ErrnoException
  if (syscall === 'watch' && (code === 'ENOSPC' || code === 'EMFILE'))
    return new ExpectedFault(
      'This system lets its users watch no more files and folders. Raise the limit: ' +
        'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512',
    )
  if (code === 'EMFILE' || code === 'ENFILE')
    return new ExpectedFault('Too many files are open. Raise the limit first: ulimit -n 4096')
  if (code === 'ENOSPC') return new ExpectedFault(`No space left on the disk${where(path)}.`)
  if (code === 'EROFS') return new ExpectedFault(`The disk is read-only${where(path)}.`)
  if (code === 'EACCES' && path)
    return new ExpectedFault(`${path} belongs to another user. Change its owner, or remove it.`)
  return undefined
}

function where(path?: string) {
  return path ? ` (writing ${path})` : ''
}
