import js from '@eslint/js'
import nx from '@nx/eslint-plugin'
import prettier from 'eslint-config-prettier'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const contractOnly = {
  regex: '^@ashlar/(?!core/|core$)[a-z-]+(?:/(?!contract$).*)?$',
  message: "A module may import another module's contract only: '@ashlar/<module>/contract'.",
}

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
          message: 'Take configuration as an argument; only libs/core/src/config reads process.env.',
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
    rules: {
      'no-restricted-imports': ['error', { patterns: [contractOnly] }],
    },
  },
  {
    name: 'apps take modules composed',
    files: ['apps/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^@ashlar/(?!core/|modules(?:/|$))[a-z-]+(?:/(?!contract$).*)?$',
              message: 'An app takes modules from @ashlar/modules, and types from a contract.',
            },
          ],
        },
      ],
    },
  },
  {
    name: 'tests and tools',
    files: ['**/*.spec.ts', '**/testing/**/*.ts', 'tools/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
    rules: { 'no-console': 'off' },
  },
  prettier,
)
