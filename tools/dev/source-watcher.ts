import { existsSync, readdirSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../servers/project.ts'

const ignored = new Set(['node_modules', 'generated', 'dist', 'coverage'])

interface SourceWatch {
  folders: string[]
  /** Outside of these folders; each is watched through the folder that it is in. */
  files: string[]
  changed: (paths: string[]) => void
  /** Called once, with the reason, when the system lets no more be watched. */
  refused: (error: unknown) => void
}

/**
 * Calls back with the paths of a burst of changes. Each folder is watched for itself, so a file that an editor
 * replaces is not lost; only macOS watches a whole tree well.
 */
export function watchSources({ folders, files, changed, refused }: SourceWatch) {
  const watchers = new Map<string, FSWatcher>()
  let pending = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let isRefused = false
  for (const folder of folders) watchTree(folder)
  if (files.length > 0) watchFolder('.', (name) => files.includes(name))
  return () => watchers.forEach((watcher) => watcher.close())

  function watchTree(folder: string) {
    if (!existsSync(join(projectRoot, folder)) || watchers.has(folder)) return
    watchFolder(folder, (name) => !name.split('/').some(isIgnored))
    if (process.platform === 'darwin') return
    for (const entry of readdirSync(join(projectRoot, folder), { withFileTypes: true }))
      if (entry.isDirectory() && !isIgnored(entry.name)) watchTree(join(folder, entry.name))
  }

  function watchFolder(folder: string, isWanted: (name: string) => boolean) {
    const recursive = process.platform === 'darwin' && folder !== '.'
    try {
      const watcher = watch(join(projectRoot, folder), { recursive }, (event, name) => {
        if (!name || !isWanted(name)) return
        const path = join(folder, name)
        if (event === 'rename' && folder !== '.' && isFolder(path)) watchTree(path)
        note(path)
      })
      watcher.on('error', () => forget(folder))
      watchers.set(folder, watcher)
    } catch (error) {
      // A folder that is gone again needs no watcher.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || isRefused) return
      isRefused = true
      refused(error)
    }
  }

  function forget(folder: string) {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }

  function note(path: string) {
    pending.add(path)
    clearTimeout(timer)
    timer = setTimeout(() => {
      const paths = [...pending]
      pending = new Set()
      changed(paths)
    }, 40)
  }
}

function isIgnored(name: string) {
  return ignored.has(name) || name.startsWith('.') || name.endsWith('~')
}

function isFolder(path: string) {
  try {
    readdirSync(join(projectRoot, path))
    return true
  } catch {
    return false
  }
}
