/** The answer that a repeat gets. */
export interface KeptAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  /** JSON text. None with 204. */
  body?: string | undefined
}

/** A key that a request has claimed. */
export interface HeldKey {
  /** Of key, route and caller. */
  hash: Buffer
  lease: string
}

/** Writes the answer, and is false if another request has claimed the key meanwhile. */
export type WriteAnswer = (key: HeldKey, answer: KeptAnswer) => Promise<boolean>

/** A request of an idempotent route, for a service that keeps the answer with what it writes. */
export interface Once<Result> {
  /**
   * The same for a service whose result is not yet what the route answers. `present` runs in the transaction, so it should ask nobody.
   *
   * @example
   * const contract = { summary: 'Cut a stone', body: NewStone, response: Stone, idempotent: true }
   * routes.post('/', contract, async ({ body, once }) => toStone(await stones.create(body, once.of(toStone))))
   */
  of<From>(present: (result: From) => Result): Once<From>
  /** For `store.answers.keep` alone. */
  keep(result: Result, write: WriteAnswer): Promise<void>
}

/** Of a request without a key. */
export const notOnce: Once<unknown> = { of: () => notOnce, keep: () => Promise.resolve() }

export function createOnce<Result>(keep: Once<Result>['keep']): Once<Result> {
  return { of: (present) => createOnce((from, write) => keep(present(from), write)), keep }
}
