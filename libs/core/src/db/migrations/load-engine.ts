import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as EngineModule from '@prisma/schema-engine-wasm'

// Node has it; the type library without a browser has not.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: Record<string, object>) => { exports: Exports }
}

type Exports = Record<string, unknown>
type Bindings = typeof EngineModule & { __wbg_set_wasm(exports: Exports): void }

let loaded: Promise<Bindings> | undefined

/**
 * The package's own entry imports a `.wasm` file as a module, which Node does only behind a flag: this does the same by hand.
 * 3 MB and some 30 ms, so it is loaded when there is work for it.
 */
export function loadEngine(): Promise<typeof EngineModule> {
  return (loaded ??= load())
}

async function load(): Promise<Bindings> {
  const bindings = (await import('@prisma/schema-engine-wasm/schema_engine_bg')) as Bindings
  const wasm = new WebAssembly.Module(readFileSync(findWasm()))
  const { exports } = new WebAssembly.Instance(wasm, {
    './schema_engine_bg.js': letProcessEnd(bindings),
  })
  preparePanics()
  bindings.__wbg_set_wasm(exports)
  const start = exports['__wbindgen_start'] as () => void
  start()
  return bindings
}

/** The engine leaves the 10 s timer of its lock behind, and the process would wait for it. */
function letProcessEnd(bindings: Bindings): object {
  const withoutReference = Object.entries(bindings as object)
    .filter(([name]) => name.startsWith('__wbg_setTimeout_'))
    .map(([name, start]: [string, (...args: unknown[]) => NodeJS.Timeout]) => [
      name,
      (...args: unknown[]) => start(...args).unref(),
    ])
  return { ...bindings, ...Object.fromEntries(withoutReference) } as object
}

function findWasm(): string {
  const { resolve } = createRequire(__filename)
  return resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/js$/, 'wasm')
}

/** Where the engine leaves the message of a panic. The Prisma client, if loaded, has set the same name already. */
function preparePanics(): void {
  const global = globalThis as { PRISMA_WASM_PANIC_REGISTRY?: object }
  global.PRISMA_WASM_PANIC_REGISTRY ??= {
    set_message(message: string) {
      throw new Error(`The schema engine failed: ${message}`)
    },
  }
}
