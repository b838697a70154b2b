/** How the image starts Node, as its Dockerfile says. */
export interface ImageStart {
  /** NODE_OPTIONS. */
  options: string
  /** What stands before the script in the command. */
  arguments: string[]
}

export function readImageStart(dockerfile: string): ImageStart {
  const [, options] = /NODE_OPTIONS=(\S+)/.exec(dockerfile) ?? []
  const [, entrypoint] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? []
  if (!options || !entrypoint)
    throw new Error('The Dockerfile sets no NODE_OPTIONS, or no ENTRYPOINT.')
  return { options, arguments: (JSON.parse(entrypoint) as string[]).slice(1) }
}
