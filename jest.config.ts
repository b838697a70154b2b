import type { Config } from 'jest'

/**
 * Begins every pattern that is held against whole paths, because the folders above the checkout may
 * have any name: `dist`, `a+b`, `(old)`.
 */
const here = `^${process.cwd().replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`

const transform = {
  '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.jest.json' }],
  // ES modules, which Jest cannot load without flags of its own.
  '(schema_engine_bg|/(openid-client|oauth4webapi|jose)/.+)\\.js$': [
    'ts-jest',
    {
      diagnostics: false,
      tsconfig: { allowJs: true, isolatedModules: true, module: 'commonjs', target: 'es2023' },
    },
  ],
} satisfies Config['transform']

/** One run over every workspace, with one PostgreSQL and one Redis of its own. `nx test <project>` narrows it to a folder. */
const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: [`${here}/(.*/)?(node_modules|dist|fixtures)/`],
  transform,
  // TypeScript writes `./file.ts` as `./file.js`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transformIgnorePatterns: [
    '/node_modules/(?!(@prisma/schema-engine-wasm|openid-client|oauth4webapi|jose)/)',
  ],
  globalSetup: '<rootDir>/tools/test/global-setup.ts',
  globalTeardown: '<rootDir>/tools/test/global-teardown.ts',
  setupFiles: ['<rootDir>/tools/test/worker-environment.ts'],
  maxWorkers: 2,
  // For what hangs: a machine that is busy with much else needs several times as long.
  testTimeout: 240_000,
  coverageProvider: 'v8',
  coverageDirectory: '<rootDir>/coverage',
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/generated/**', '!**/main.ts'],
}

export default config
