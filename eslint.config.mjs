import js from '@eslint/js'
import nx from '@nx/eslint-plugin'
import prettier from 'eslint-config-prettier'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const globals = ['process', 'console', 'fetch', 'AbortSignal', 'URL']

const configIsGiven =
  'Take configuration as an argument; only libs/core/src/config reads process.env.'

const plainConnection = {
  name: 'pg',
  importNames: ['default', 'Client', 'Pool'],
  allowTypeImports: true,
  message:
    'A session in another time zone stores times wrong; connect with UtcClient or UtcPool of @ashlar/core/db.',
}

/** An import of these packages, also a dynamic one, is refused with this message. */
const refuse = (packages, message) => ({
  'no-restricted-imports': ['error', { patterns: [{ regex: packages, message }] }],
  'no-restricted-syntax': [
    'error',
    { selector: `ImportExpression[source.value=/${packages.replaceAll('/', '\\/')}/]`, message },
  ],
})

export default defineConfig(
  {
    ignores: [
      '**/node_modules',
      '**/dist',
      '**/generated',
      '**/fixtures',
      '.ashlar',
      '.nx',
      'coverage',
    ],
  },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.ts', '*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Listeners, handlers and guards are async by their type, also where one has nothing to await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Objects come from factories and use no `this`, so their methods may be taken apart.
      '@typescript-eslint/unbound-method': 'off',
      'no-console': 'error',
    },
  },
  {
    name: 'process.env is read in one file',
    files: ['apps/**/*.ts', 'libs/**/*.ts'],
    ignores: ['libs/core/src/config/environment.ts', '**/testing/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: configIsGiven,
        },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            ...['process', 'node:process'].map((name) => ({ name, message: configIsGiven })),
            plainConnection,
          ],
        },
      ],
    },
  },
  {
    name: 'arrows run one way',
    files: ['**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          // A tool loads code that was generated or configured only when it needs it; another may do so at once.
          checkDynamicDependenciesExceptions: ['.*'],
          depConstraints: [
            {
              sourceTag: 'type:app',
              onlyDependOnLibsWithTags: ['type:modules', 'type:core', 'type:feature'],
            },
            {
              sourceTag: 'type:modules',
              onlyDependOnLibsWithTags: ['type:feature', 'type:core'],
            },
            {
              sourceTag: 'type:feature',
              onlyDependOnLibsWithTags: ['type:feature', 'type:core'],
            },
            { sourceTag: 'type:core', onlyDependOnLibsWithTags: ['type:core'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
    },
  },
  {
    name: 'modules meet at their contracts',
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    ignores: ['libs/modules/**', '**/testing/**', '**/*.spec.ts'],
    rules: refuse(
      '^@ashlar/(?!core/|core$)[a-z-]+(?:/(?!contract$).*)?$',
      "A module may import another module's contract only: '@ashlar/<module>/contract'.",
    ),
  },
  {
    name: 'apps take modules composed',
    files: ['apps/**/*.ts'],
    ignores: ['**/testing/**', '**/*.spec.ts'],
    rules: refuse(
      '^@ashlar/(?!core/|modules(?:/|$))[a-z-]+(?:/(?!contract$).*)?$',
      'An app takes modules from @ashlar/modules, and types from a contract.',
    ),
  },
  {
    name: 'tests and tools',
    files: ['**/*.spec.ts', '**/testing/**/*.ts', 'tools/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: Object.fromEntries(globals.map((name) => [name, 'readonly'])) },
    rules: { 'no-console': 'off' },
  },
  prettier,
)
