/** House style. Everything not named here is Prettier's default. */
export default {
  semi: false,
  singleQuote: true,
  printWidth: 120,
  tabWidth: 2,
  overrides: [
    // `// comment` in a tsconfig is fine; a trailing comma in JSON is not.
    { files: ['*.json'], options: { trailingComma: 'none' } },
  ],
}
