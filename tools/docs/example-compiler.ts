import { join } from 'node:path'
import ts from 'typescript'
import { root, type Example } from './examples.ts'

export interface ExampleCompilerOptions {
  /** Files that are taken for others: where they are meant to be, from the root, and their text. */
  instead?: ReadonlyMap<string, string>
  /** Packages that are not there: their door, from the root. */
  packages?: Readonly<Record<string, string>>
}

export type ExampleCompiler = ReturnType<typeof createExampleCompiler>

/** One program for everything that it is asked, so that the code of the kit is read once. Nothing is written. */
export function createExampleCompiler({
  instead = new Map(),
  packages = {},
}: ExampleCompilerOptions = {}) {
  const given = new Map([...instead].map(([path, text]) => [join(root, path), text]))
  const asked = new Set<string>()
  const settings = settingsWith(packages)
  const service = ts.createLanguageService({
    getCompilationSettings: () => settings,
    getScriptFileNames: () => [...asked],
    getScriptVersion: (file) => given.get(file) ?? 'on the disk',
    getScriptSnapshot: (file) => {
      const text = readFile(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => given.has(file) || ts.sys.fileExists(file),
    readFile,
    // A package of the workspace is one module, by whichever name it is imported.
    realpath: ts.sys.realpath!,
  })
  return { exportsOf, faultsOf }

  /** The names that each of these files exports. */
  function exportsOf(paths: readonly string[]): Map<string, string[]> {
    const { checker, fileAt } = programOf(paths)
    return new Map(
      paths.map((path) => {
        const module = checker.getSymbolAtLocation(fileAt(path))
        return [path, module ? checker.getExportsOfModule(module).map(({ name }) => name) : []]
      }),
    )
  }

  /** What the compiler says about them, one line for each fault. */
  function faultsOf(examples: readonly Example[]): string[] {
    for (const { path, text } of examples) given.set(join(root, path), text)
    const { program, fileAt } = programOf(examples.map(({ path }) => path))
    return examples.flatMap(({ path, source }) => {
      const file = fileAt(path)
      return [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ].map((fault) => `${source}${describeFault(file, fault)}`)
    })
  }

  function programOf(paths: readonly string[]) {
    for (const path of paths) asked.add(join(root, path))
    const program = service.getProgram()!
    const fileAt = (path: string) => program.getSourceFile(join(root, path))!
    return { program, checker: program.getTypeChecker(), fileAt }
  }

  function readFile(file: string): string | undefined {
    return given.get(file) ?? ts.sys.readFile(file)
  }
}

function describeFault(file: ts.SourceFile, { start = 0, code, messageText }: ts.Diagnostic) {
  const { line, character } = file.getLineAndCharacterOfPosition(start)
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  return `(${line + 1},${character + 1}): error TS${code}: ${message}`
}

function settingsWith(packages: Readonly<Record<string, string>>): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile) as {
    config: { compilerOptions: object }
  }
  const settings = {
    ...config.compilerOptions,
    composite: false,
    declaration: false,
    emitDeclarationOnly: false,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    types: ['node', 'jest'],
    paths: Object.fromEntries(
      Object.entries(packages).map(([name, door]) => [name, [join(root, door)]]),
    ),
  }
  return ts.convertCompilerOptionsFromJson(settings, root).options
}
