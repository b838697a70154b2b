import { z } from 'zod'
import type { Environment } from './environment.ts'
import { findWeakness } from './weakness.ts'

/** What an operator is told about a key: in `.env.example`, and when the key is wrong. */
export interface KeyHelp {
  description: string
  example: string
  /** Never printed, and refused in production when it is a placeholder or shorter than 32 bytes. */
  secret?: boolean
  /** A password a person types: not printed, refused as a placeholder, but not held to 32 bytes. */
  password?: boolean
  /**
   * An address that people and programs elsewhere use: production takes https alone, and not the
   * machine itself.
   */
  public?: boolean
  /**
   * The processes that read it, by name. For any other it is unset, whatever its environment has:
   * what is not handed over there is not missed. All of them, if absent.
   */
  processes?: readonly string[]
}

type Keys = Record<string, z.ZodType>

/** One owner's share of the configuration: its keys, and how they become a typed object. */
export interface ConfigDefinition<Config = unknown> {
  readonly keys: Keys
  readonly build: (values: never) => Config
  readonly check: (given: never) => readonly ConfigMisfit[]
  readonly review: (config: never) => readonly ConfigMisfit[]
}

/** A key that does not fit the others that are given, and why: `is missing beside …`. */
export interface ConfigMisfit<Key extends string = string> {
  key: Key
  problem: string
}

/** What an environment gives for the keys of a definition, as text, right or wrong. */
export type Given<Key extends string> = { readonly [Name in Key]?: string }

export type ConfigOf<Definition> =
  Definition extends ConfigDefinition<infer Config> ? Config : never

/** The help of each key, and its schema for the processes that read it. */
const described = new WeakMap<z.ZodType, { help: KeyHelp; whole: z.ZodType }>()

/**
 * Describes a key. Every key of a {@link defineConfig} needs it. One of some `processes` may be
 * undefined in others.
 */
export function key<Schema extends z.ZodType>(
  schema: Schema,
  help: KeyHelp & { processes: readonly string[] },
): z.ZodOptional<Schema>
export function key<Schema extends z.ZodType>(schema: Schema, help: KeyHelp): Schema
export function key(schema: z.ZodType, help: KeyHelp): z.ZodType {
  const own = help.processes ? schema.optional() : schema.clone()
  described.set(own, { help, whole: schema })
  return own
}

/**
 * Declares the keys that an owner reads and the object that it gets. `check` tells which keys do
 * not fit together; it is also asked when one of them is wrong by itself, so that an operator sees
 * everything at once. `build` is only called when nothing is wrong. `review` reports what works and
 * is unwise outside a developer's machine: a process warns of it at its start.
 *
 * @example
 * const greetingConfig = defineConfig(
 *   { GREETING: key(z.string().prefault('hello'), { description: 'First word.', example: 'hello' }) },
 *   (env) => ({ greeting: env.GREETING }),
 * )
 */
export function defineConfig<const Shape extends Keys, Config extends object>(
  keys: Shape,
  build: (values: { [Key in keyof Shape]: z.output<Shape[Key]> }) => Config,
  check: (
    given: Given<keyof Shape & string>,
  ) => readonly ConfigMisfit<keyof Shape & string>[] = () => [],
  review: (config: Config) => readonly ConfigMisfit<keyof Shape & string>[] = () => [],
): ConfigDefinition<Readonly<Config>> {
  return { keys, build, check, review }
}

export interface ConfigFault {
  key: string
  problem: string
  example: string
}

/** Everything that is wrong with an environment, at once. Its message lists one fault a line and holds no value. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map(describeFault).join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

type Configs<Definitions> = { readonly [Name in keyof Definitions]: ConfigOf<Definitions[Name]> }

/**
 * Validates every definition against one environment, as the process of this name reads it, or one
 * that reads every key. Throws one {@link ConfigError} with every fault.
 */
export function parseConfig<const Definitions extends Record<string, ConfigDefinition>>(
  definitions: Definitions,
  environment: Environment,
  process?: string,
): Configs<Definitions> {
  const faults = findConfigFaults(definitions, environment, process)
  if (faults.length > 0) throw new ConfigError(faults)
  const entries = Object.entries(definitions).map(([name, definition]) => [
    name,
    deepFreeze(buildFrom(definition, pick(definition.keys, environment, process))),
  ])
  return Object.freeze(Object.fromEntries(entries)) as Configs<Definitions>
}

/** Every fault of every definition, in the order of the keys; empty when the environment is fine. */
export function findConfigFaults(
  definitions: Record<string, ConfigDefinition>,
  environment: Environment,
  process?: string,
): ConfigFault[] {
  const isProduction = environment['APP_ENV'] === 'production'
  return Object.values(definitions).flatMap((definition) => {
    const given = pick(definition.keys, environment, process)
    const read = keysOfProcess(definition.keys, process)
    return [...findKeyFaults(read, given, isProduction), ...findMisfits(definition, given)]
  })
}

/**
 * Settings that are no faults and yet unwise: in production, and in staging, which is held to the
 * addresses of production by warnings. For an environment without faults; none of a developer's.
 */
export function findConfigRisks(
  definitions: Record<string, ConfigDefinition>,
  environment: Environment,
  process?: string,
): ConfigMisfit[] {
  const appEnv = environment['APP_ENV'] ?? ''
  if (!['production', 'staging'].includes(appEnv)) return []
  return Object.values(definitions).flatMap((definition) => {
    const given = pick(definition.keys, environment, process)
    const config = buildFrom(definition, given)
    const faults = findKeyFaults(keysOfProcess(definition.keys, process), given, true)
    return [...faults, ...definition.review(config as never)]
  })
}

function findKeyFaults(keys: Keys, given: Given<string>, isProduction: boolean): ConfigFault[] {
  return Object.entries(keys).flatMap(([name, schema]) => {
    const { help, whole } = describedKey(name, schema)
    const value = given[name]
    const problem =
      problemOf(whole, value) ??
      (isProduction ? findWeakness(help, value ?? defaultOf(whole)) : undefined)
    return problem ? [{ key: name, problem, example: help.example }] : []
  })
}

function findMisfits({ keys, check }: ConfigDefinition, given: Given<string>): ConfigFault[] {
  return check(given as never).map(({ key: name, problem }) => ({
    key: name,
    problem,
    example: describedKey(name, keys[name]).help.example,
  }))
}

function buildFrom({ keys, build }: ConfigDefinition, given: Given<string>): object {
  return build(z.object(keys).parse(given) as never) as object
}

/** What `.env.example` is written from: every key with its help and its default, if it has one. */
export function describeConfig(
  definitions: Record<string, ConfigDefinition>,
): (KeyHelp & { key: string; required: boolean; default?: string })[] {
  return Object.entries(keysOf(definitions)).map(([name, schema]) => {
    const { help, whole } = describedKey(name, schema)
    const standard = defaultOf(whole)
    return {
      key: name,
      ...help,
      required: !whole.safeParse(undefined).success,
      ...(standard === undefined ? {} : { default: standard }),
    }
  })
}

function keysOf(definitions: Record<string, ConfigDefinition>): Keys {
  return Object.assign({}, ...Object.values(definitions).map(({ keys }) => keys)) as Keys
}

const defaultOf = (schema: z.ZodType): string | undefined =>
  schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : undefined

function describedKey(name: string, schema: z.ZodType | undefined) {
  const found = schema && described.get(schema)
  if (!found)
    throw new Error(`Configuration key ${name} has no description: wrap its schema in key()`)
  return found
}

function keysOfProcess(keys: Keys, process: string | undefined): Keys {
  return Object.fromEntries(
    Object.entries(keys).filter(([name, schema]) => {
      const { processes } = describedKey(name, schema).help
      return process === undefined || processes === undefined || processes.includes(process)
    }),
  )
}

function problemOf(schema: z.ZodType, value: string | undefined): string | undefined {
  const result = schema.safeParse(value)
  if (result.success) return undefined
  if (value === undefined) return 'is missing'
  return result.error.issues.map((issue) => issue.message).join('; ')
}

/** Without the keys that other processes read. */
function pick(keys: Keys, environment: Environment, process: string | undefined): Given<string> {
  const names = Object.keys(keysOfProcess(keys, process))
  return Object.fromEntries(names.map((name) => [name, environment[name]]))
}

function describeFault({ key: name, problem, example }: ConfigFault): string {
  return `${name} ${problem}. Example: ${name}=${example}`
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value as Record<string, unknown>))
    if (isPlain(inner)) deepFreeze(inner)
  return Object.freeze(value)
}

const isPlain = (value: unknown): value is object =>
  Array.isArray(value) ||
  (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
