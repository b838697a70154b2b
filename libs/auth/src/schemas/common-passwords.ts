import type * as Core from '@zxcvbn-ts/core'
import type * as Lists from '@zxcvbn-ts/language-common'

type IsGuessed = (password: string) => boolean

let isGuessed: IsGuessed | undefined

/** Whether it is among the passwords that are tried first, in whatever case. For a password that is in NFKC. */
export function isCommonPassword(password: string): boolean {
  isGuessed ??= load()
  return isGuessed(password)
}

/** What is not on the list but counts as if it were: the list leaves out what its own rules find. Ten thousand guesses are an afternoon's. */
const fewGuesses = 4

/**
 * Spellings of a disguised word that are looked up, in place of 100: the library takes five times
 * as long for all of them, and finds one disguise in fifty more.
 */
const spellings = 16

/** The time that the rules take grows faster than the text. What is longer has no business among the first guesses, and most of it is not ASCII. */
const plain = /^[\x20-\x7e]{8,32}$/

/**
 * About 49,000 passwords out of leaks, and with the rules of the same library what is a repeat, a row of keys or digits, a date, or one of the 49,000 in
 * disguise. Together they hold all of the 3,000 most common of eight characters and more in the list of ten million (SecLists).
 */
function load(): IsGuessed {
  /* eslint-disable @typescript-eslint/no-require-imports -- They take 50 ms and 8 MB, and few processes set passwords. */
  const { dictionary, adjacencyGraphs } = require('@zxcvbn-ts/language-common') as typeof Lists
  const { ZxcvbnFactory } = require('@zxcvbn-ts/core') as typeof Core
  /* eslint-enable @typescript-eslint/no-require-imports */
  const words = new Set(dictionary['passwords-common'].map((word) => fold(word.normalize('NFKC'))))
  const rules = new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    l33tMaxSubstitutions: spellings,
  })
  return (password) =>
    words.has(fold(password)) ||
    (plain.test(password) && rules.check(password).guessesLog10 < fewGuesses)
}

const fold = (text: string): string => text.toLowerCase()
