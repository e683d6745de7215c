// Tells when files change: edited in place, replaced, or swapped by a symlink as kubelet does it for ConfigMaps and
// Secrets. Changes that come together are told once. It says only that something changed; what, the caller reads.

import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'

export interface WatchOptions {
  readonly files: readonly string[]
  readonly onChange: () => void
  /** Quiet time after the last event before the change is told. */
  readonly debounceMs?: number
  /** Files are looked at this often in any case: some file systems tell nothing. */
  readonly pollMs?: number
}

export interface FileWatch {
  readonly close: () => void
}

/** Watches `files`, which need not exist yet. */
export function watchFiles(options: WatchOptions): FileWatch {
  const { files, onChange, debounceMs = 100, pollMs = 10_000 } = options
  const watchers = new Map<string, FSWatcher>()
  let stamp = stampOf(files)
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    watchFolders()
    const next = stampOf(files)
    if (next === stamp) return
    stamp = next
    onChange()
  }
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(look, debounceMs)
  }
  // The folder is watched, not the file: a file that is replaced is another file. A symlink's target has its own.
  const watchFolders = (): void => {
    const wanted = foldersOf(files)
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of wanted) {
      if (watchers.has(folder)) continue
      try {
        const watcher = watch(folder, { persistent: false }, soon)
        watcher.on('error', () => {
          watcher.close()
          watchers.delete(folder)
        })
        watchers.set(folder, watcher)
      } catch {
        // The folder is not there, or the system has no watches left: polling finds the change.
      }
    }
  }
  watchFolders()
  const poll = setInterval(look, pollMs)
  poll.unref()
  return {
    close: () => {
      clearTimeout(timer)
      clearInterval(poll)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set<string>()
  for (const file of files) {
    folders.add(dirname(file))
    try {
      folders.add(dirname(realpathSync(file)))
    } catch {
      // Not there yet: its folder is watched.
    }
  }
  return folders
}

/** Changes when a file is written, replaced, or reached by another way. */
function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        const { ino, dev, size, mtimeNs } = statSync(file, { bigint: true })
        return `${dev}:${ino}:${size}:${mtimeNs}`
      } catch {
        return 'absent'
      }
    })
    .join(' ')
}
