// Loaded into every server that is measured, so that all of them can be asked to collect their garbage
// before their memory is read. `--expose-gc` makes `gc` a global. What is left right after it is told to
// whoever asked, before anything new is allocated.
process.on('SIGUSR2', () => {
  // Twice: what only finalizers held on to goes in the second.
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ heapUsed, external })
})
// Listening for the end of the channel is no reason for a server to stay.
process.channel?.unref()
