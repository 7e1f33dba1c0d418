// Loaded into every server that is measured, so that all of them can be asked to collect their garbage
// before their memory is read. `--expose-gc` makes `gc` a global.
process.on('SIGUSR2', () => globalThis.gc())
