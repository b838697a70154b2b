import type * as Lists from '@zxcvbn-ts/language-common'

let words: ReadonlySet<string> | undefined

/** Whether it is among those that are tried first, in whatever case. For a password that is in NFKC. */
export function isCommonPassword(password: string): boolean {
  words ??= loadWords()
  return words.has(fold(password))
}

/** About 49,000 passwords out of leaks; those that are too short are refused for that. */
function loadWords(): ReadonlySet<string> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- It takes 30 ms and 4 MB, and few processes set passwords.
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof Lists
  return new Set(dictionary['passwords-common'].map((word) => fold(word.normalize('NFKC'))))
}

const fold = (text: string): string => text.toLowerCase()
