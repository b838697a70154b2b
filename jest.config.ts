import type { Config } from 'jest'

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
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/\\.ashlar/', '/fixtures/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/\\.ashlar/'],
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
  testTimeout: 30_000,
  coverageProvider: 'v8',
  coverageDirectory: '<rootDir>/coverage',
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/generated/**', '!**/main.ts'],
}

export default config
