import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { createLifecycle, type Component } from './index.ts'

let happened: string[]
let warned: Record<string, unknown>[]

beforeEach(() => {
  happened = []
  warned = []
})

function createTestLifecycle(graceMs = 1_000) {
  const log = pino(
    { level: 'warn' },
    { write: (line) => warned.push(JSON.parse(line) as Record<string, unknown>) },
  )
  return createLifecycle({ log, graceMs })
}

/** Notes when it starts and stops; `over` replaces either. */
function component(name: string, over: Partial<Component> = {}): Component {
  return {
    name,
    start: () => void happened.push(`start ${name}`),
    stop: () => void happened.push(`stop ${name}`),
    ...over,
  }
}

describe('a lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const lifecycle = createTestLifecycle()
    for (const name of ['a', 'b', 'c']) lifecycle.add(component(name))
    lifecycle.add({ name: 'has nothing to do' })
    await lifecycle.start()
    await lifecycle.stop()
    expect(happened).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
    expect(warned).toEqual([])
  })

  it('drains all before the first is stopped, also when one cannot be drained', async () => {
    const lifecycle = createTestLifecycle()
    const drained = (name: string) => ({ drain: () => void happened.push(`drain ${name}`) })
    const drain = () => {
      throw new Error('no')
    }
    lifecycle.add(component('a', drained('a')))
    lifecycle.add(component('b', { drain }))
    lifecycle.add(component('c', { ...drained('c'), stop: () => sleep(20) }))
    await lifecycle.start()
    await lifecycle.stop()
    expect(happened.slice(3)).toEqual(['drain c', 'drain a', 'stop b', 'stop a'])
    expect(warned.map(({ component, msg }) => [component, msg])).toEqual([['b', 'failed to drain']])
  })

  it('stops what has started when a start fails, itself included, and throws what it threw', async () => {
    const lifecycle = createTestLifecycle()
    const failure = new Error('no')
    lifecycle.add(component('a'))
    lifecycle.add(component('b', { start: () => Promise.reject(failure) }))
    lifecycle.add(component('c'))
    await expect(lifecycle.start()).rejects.toBe(failure)
    expect(happened).toEqual(['start a', 'stop b', 'stop a'])
  })

  it('stops once, however often it is asked', async () => {
    const lifecycle = createTestLifecycle()
    lifecycle.add(component('a'))
    await lifecycle.start()
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.stop()
    expect(happened).toEqual(['start a', 'stop a'])
    expect(lifecycle.isStopping()).toBe(true)
  })

  it('does not let a stop that fails hold up the next', async () => {
    const lifecycle = createTestLifecycle()
    lifecycle.add(component('a'))
    lifecycle.add(component('b', { stop: () => Promise.reject(new Error('no')) }))
    lifecycle.add(
      component('c', {
        stop: () => {
          throw new Error('no')
        },
      }),
    )
    await lifecycle.start()
    await lifecycle.stop()
    expect(happened.at(-1)).toBe('stop a')
    expect(warned.map(({ component, msg }) => [component, msg])).toEqual([
      ['c', 'failed to stop'],
      ['b', 'failed to stop'],
    ])
  })

  it('waits for all stops together no longer than the grace, and tells the slow by name', async () => {
    const lifecycle = createTestLifecycle(100)
    lifecycle.add(component('quick'))
    lifecycle.add(component('quick too', { stop: async () => void happened.push('stopped') }))
    lifecycle.add(component('late', { stop: () => sleep(5_000, undefined, { ref: false }) }))
    lifecycle.add(component('frozen', { stop: () => new Promise(() => {}) }))
    await lifecycle.start()
    const begun = Date.now()
    await lifecycle.stop()
    expect(Date.now() - begun).toBeLessThan(4_500)
    expect(happened.slice(4)).toEqual(['stopped', 'stop quick'])
    expect(warned.map(({ component }) => component)).toEqual(['frozen', 'late'])
  })

  it('tells whoever stops when the grace is over', async () => {
    const lifecycle = createTestLifecycle(50)
    const stop = (signal: AbortSignal) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          happened.push('gave up')
          resolve()
        }),
      )
    lifecycle.add(component('a', { stop }))
    await lifecycle.start()
    await lifecycle.stop()
    expect(happened).toEqual(['start a', 'gave up'])
    expect(warned).toEqual([])
  })

  it('starts nothing more once it stops, and is quiet about a start that fails because of it', async () => {
    const lifecycle = createTestLifecycle()
    let fail = (_error: Error): void => undefined
    const start = () => new Promise<void>((_resolve, reject) => (fail = reject))
    lifecycle.add(component('a', { start, stop: () => fail(new Error('closed')) }))
    lifecycle.add(component('b'))
    const starting = lifecycle.start()
    await lifecycle.stop()
    await starting
    expect(happened).toEqual([])
  })
})
