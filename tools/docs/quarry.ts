// The quarry that the examples in JSDoc speak of: what they use without declaring it. The compiler reads it; nothing runs it.
import { z } from 'zod'
import type { AuthGateway, AuthGuards, AuthenticatedUser, Client } from '@ashlar/auth/contract'
import type { Db, Page, PageRequest } from '@ashlar/core/db'
import { defineError } from '@ashlar/core/errors'
import { defineEvent, type Delivery } from '@ashlar/core/events'
import {
  createRoutes,
  type Health,
  type HttpAppDeps,
  type HttpServerDeps,
  type Once,
} from '@ashlar/core/http'
import { defineList, integer, text } from '@ashlar/core/list'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import type { Core, FeatureModule } from '@ashlar/core/module'
import { defineTask } from '@ashlar/core/queue'
import type { Limiter } from '@ashlar/core/rate-limit'
import type { Store } from '@ashlar/core/store'

export { z }

// The platform.
export declare const core: Core
export const { cache, config, database, lifecycle, log, mailer, metrics, rateLimits } = core
export const { databaseUrl, problemBaseUrl } = config
export const { pool } = database
export declare const db: Db
export declare const health: Health
export declare const app: HttpServerDeps['app']
export declare const deps: HttpAppDeps
export declare const gateway: AuthGateway
export declare const client: Client
export declare const guards: AuthGuards
export const { activeUser } = guards
export declare const modules: readonly FeatureModule[]

// The stones.
export const NewStone = z.strictObject({ name: z.string(), buyer: z.email() })
export type NewStone = z.infer<typeof NewStone>
export const Stone = z.object({ id: z.int(), name: z.string() })
export type Stone = z.infer<typeof Stone>
/** As the table has it. */
export type StoneRow = Stone & NewStone
export declare const values: NewStone
export declare const stone: StoneRow
export declare const toStone: (row: StoneRow) => Stone

interface StoneRepository {
  create(values: NewStone): Promise<StoneRow>
  findById(id: number): Promise<StoneRow | null>
  findPage(list: PageRequest): Promise<Page<StoneRow>>
  count(): Promise<number>
  markSold(ids: readonly number[]): Promise<boolean[]>
  purge(): Promise<void>
}

interface Stock {
  reserve(orderId: number): Promise<void>
}

interface StoneService {
  create(values: NewStone, once: Once<StoneRow>): Promise<StoneRow>
  get(id: number, reader?: AuthenticatedUser): Promise<StoneRow>
  findPage(list: PageRequest): Promise<Page<StoneRow>>
  weigh(id: number): Promise<number>
}

export declare const store: Store<{ stones: StoneRepository; stock: Stock }>
export declare const stones: StoneService

// What a module declares of them.
export const stoneTaken = defineError({
  kind: 'conflict',
  code: 'quarry.stone_taken',
  title: 'Stone taken',
  detail: 'Somebody else has this stone.',
  help: 'Choose another one.',
})
export const stoneCut = defineEvent('quarry.stone-cut', z.object({ stoneId: z.int() }))
export const orderPaid = defineEvent('shop.order-paid', z.object({ orderId: z.int() }))
export const weighStone = defineTask('quarry.weigh-stone', z.object({ stoneId: z.int() }))
export const countStones = defineTask('quarry.count-stones', z.object({}), { result: z.int() })
export const stoneReady = defineEmail('quarry.stone-ready', z.object(NewStone.shape), {
  sample: { name: 'Keystone', buyer: 'ada@example.com' },
  render: ({ name, buyer }) => ({
    to: buyer,
    subject: 'Your stone is ready',
    html: renderTemplate('<p>Come and see {{name}}.</p>', { name }),
  }),
})
export const stoneList = defineList({
  fields: { id: integer(), name: text({ maxLength: 50 }) },
  sort: ['id', 'name'],
  filter: ['name'],
})
export const stoneRoutes = createRoutes({ prefix: '/stones', tag: 'Stones' })
export declare const routes: typeof stoneRoutes

// What is at hand where an example begins.
export declare const list: PageRequest
export declare const delivery: Delivery
export declare const error: unknown
export declare const partnerOf: (credentials: string | undefined) => Promise<string>
export declare const address: string
export declare const email: string
export declare const password: string
export declare const failures: Limiter
export declare const matches: (password: string) => Promise<boolean>
