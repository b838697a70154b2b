import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app'
import type { Queues } from '@ashlar/core/queue'

export interface BoardDeps {
  appName: string
  queues: Pick<Queues, 'get'>
  /** Which of them to show. */
  names: readonly string[]
}

/** The parts that Bull-Board hands to a server. */
export interface Board {
  queues: BullBoardQueues
  uiConfig: UIConfig
  /** Its one page, and the paths that show it. */
  entry: AppViewRoute
  /** Folder of the template of that page. */
  views: string
  /** Folder of its scripts, styles and texts. */
  assets: string
  routes: readonly AppControllerRoute[]
}

export type BoardRoute = Board['routes'][number]

/** Bull-Board without a server: its own for Express knows neither our errors nor our way to read a request. */
export function createBoard({ appName, queues, names }: BoardDeps): Board {
  const parts: Partial<Board> = {}
  const serverAdapter: IServerAdapter = {
    setQueues: (queues) => keep({ queues }),
    setUIConfig: (uiConfig) => keep({ uiConfig }),
    setEntryRoute: (entry) => keep({ entry }),
    setViewsPath: (views) => keep({ views }),
    setStaticPath: (_path, assets) => keep({ assets }),
    setApiRoutes: (routes) => keep({ routes }),
    setErrorHandler: () => serverAdapter,
  }
  createBullBoard({
    queues: names.map((name) => new BullMQAdapter(queues.get(name), { delimiter: '.' })),
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: `${appName} queues`,
        miscLinks: [{ text: 'Account and log-out', url: '/account' }],
        hideDocsLink: true,
      },
    },
  })
  return parts as Board

  function keep(part: Partial<Board>): IServerAdapter {
    Object.assign(parts, part)
    return serverAdapter
  }
}
