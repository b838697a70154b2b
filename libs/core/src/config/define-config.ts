import { z } from 'zod'
import type { Environment } from './environment.ts'

/** What an operator is told about a key: in `.env.example`, and when the key is wrong. */
export interface KeyHelp {
  description: string
  example: string
  /** Never printed, and refused in production when it is a placeholder or shorter than 32 bytes. */
  secret?: boolean
  /** A password a person types: not printed, refused as a placeholder, but not held to 32 bytes. */
  password?: boolean
}

type Keys = Record<string, z.ZodType>

/** One owner's share of the configuration: its keys, and how they become a typed object. */
export interface ConfigDefinition<Config = unknown> {
  readonly keys: Keys
  readonly build: (values: never) => Config
  readonly check: (given: never) => readonly ConfigMisfit[]
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

const helpByKey = z.registry<KeyHelp>()

/** Describes a key. Every key of a {@link defineConfig} needs it. */
export function key<Schema extends z.ZodType>(schema: Schema, help: KeyHelp): Schema {
  const described = schema.clone()
  helpByKey.add(described, help)
  return described
}

/**
 * Declares the keys that an owner reads and the object that it gets. `check` tells which keys do not fit together; it is also asked when one of
 * them is wrong by itself, so that an operator sees everything at once. `build` is only called when nothing is wrong.
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
): ConfigDefinition<Readonly<Config>> {
  return { keys, build, check }
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

/** Validates every definition against one environment. Throws one {@link ConfigError} with every fault. */
export function parseConfig<const Definitions extends Record<string, ConfigDefinition>>(
  definitions: Definitions,
  environment: Environment,
): Configs<Definitions> {
  const faults = findConfigFaults(definitions, environment)
  if (faults.length > 0) throw new ConfigError(faults)
  const entries = Object.entries(definitions).map(([name, definition]) => [
    name,
    deepFreeze(buildFrom(definition, environment)),
  ])
  return Object.freeze(Object.fromEntries(entries)) as Configs<Definitions>
}

/** Every fault of every definition, in the order of the keys; empty when the environment is fine. */
export function findConfigFaults(
  definitions: Record<string, ConfigDefinition>,
  environment: Environment,
): ConfigFault[] {
  const isProduction = environment['APP_ENV'] === 'production'
  return Object.values(definitions).flatMap((definition) => {
    const faults = findKeyFaults(definition.keys, environment, isProduction)
    return [...faults, ...findMisfits(definition, environment)]
  })
}

function findKeyFaults(keys: Keys, environment: Environment, isProduction: boolean): ConfigFault[] {
  return Object.entries(keys).flatMap(([name, schema]) => {
    const help = helpOf(name, schema)
    const problem =
      problemOf(schema, environment[name]) ??
      (isProduction ? weakness(help, environment[name]) : undefined)
    return problem ? [{ key: name, problem, example: help.example }] : []
  })
}

function findMisfits({ keys, check }: ConfigDefinition, environment: Environment): ConfigFault[] {
  return check(pick(keys, environment) as never).map(({ key: name, problem }) => ({
    key: name,
    problem,
    example: helpOf(name, keys[name]).example,
  }))
}

function buildFrom({ keys, build }: ConfigDefinition, environment: Environment): object {
  const values = z.object(keys).parse(pick(keys, environment))
  return build(values as never) as object
}

/** What `.env.example` is written from: every key with its help and its default, if it has one. */
export function describeConfig(
  definitions: Record<string, ConfigDefinition>,
): (KeyHelp & { key: string; required: boolean; default?: string })[] {
  return Object.entries(keysOf(definitions)).map(([name, schema]) => {
    const standard = schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : undefined
    return {
      key: name,
      ...helpOf(name, schema),
      required: !schema.safeParse(undefined).success,
      ...(standard === undefined ? {} : { default: standard }),
    }
  })
}

function keysOf(definitions: Record<string, ConfigDefinition>): Keys {
  return Object.assign({}, ...Object.values(definitions).map(({ keys }) => keys)) as Keys
}

function helpOf(name: string, schema: z.ZodType | undefined): KeyHelp {
  const help = schema && helpByKey.get(schema)
  if (!help)
    throw new Error(`Configuration key ${name} has no description: wrap its schema in key()`)
  return help
}

function problemOf(schema: z.ZodType, value: string | undefined): string | undefined {
  const result = schema.safeParse(value)
  if (result.success) return undefined
  if (value === undefined) return 'is missing'
  return result.error.issues.map((issue) => issue.message).join('; ')
}

function weakness(help: KeyHelp, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (/change[-_ ]?(this|me)/i.test(value)) return 'is a placeholder, which production refuses'
  if (help.secret && Buffer.byteLength(value) < 32)
    return 'is under 32 bytes, which production refuses'
  return undefined
}

function pick(keys: Keys, environment: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(keys).map((name) => [name, environment[name]]))
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
