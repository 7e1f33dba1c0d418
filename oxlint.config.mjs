/**
 * What a type checker does not know: the layer table, and who may ask the host for time and chance.
 *
 * Always pass this file with `-c`: on Node 20 oxlint does not discover a `.mjs` by itself, and then
 * it passes without having checked any of this. `scripts/lint.test.ts` proves that each rule can go red.
 */

/** The host's clock, timers and dice come from mesh/host.ts and are handed down; nobody else asks the host. */
const hostGlobals = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'requestAnimationFrame',
  'requestIdleCallback',
  'performance',
]
const message = 'Clock, timers and chance are handed in from mesh/host.ts, so that a simulation can own them.'

export default {
  plugins: ['typescript', 'import', 'unicorn', 'oxc'],
  jsPlugins: ['./scripts/layers.mjs'],
  categories: { correctness: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['**/dist/**'],
  rules: {
    'house/layers': 'error',
    'import/no-cycle': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    // A `default` that handles the rest counts: it hands the narrowed rest on, and the compiler checks that.
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/consistent-type-imports': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    eqeqeq: 'error',
    // `for (const x of [...set])` copies on purpose: the body changes the set.
    'unicorn/no-useless-spread': 'off',
    'unicorn/no-new-array': 'off',
    // A port is an object of functions, and is taken apart.
    'typescript/unbound-method': 'off',
  },
  overrides: [
    {
      files: ['**/lib/src/**/*.ts'],
      excludeFiles: ['**/lib/src/mesh/host.ts', '**/*.test.ts'],
      rules: {
        'no-restricted-globals': ['error', ...hostGlobals.map((name) => ({ name, message }))],
        'no-restricted-properties': [
          'error',
          ...['globalThis', 'window', 'self'].flatMap((object) =>
            hostGlobals.map((property) => ({ object, property, message })),
          ),
          { object: 'Date', property: 'now', message },
          { object: 'Math', property: 'random', message },
        ],
        'house/no-new-date': 'error',
      },
    },
  ],
}
