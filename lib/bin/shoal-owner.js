#!/usr/bin/env node
// Here and not in dist/, because npm links only a command that is there when it installs.
import '../dist/adapters/node/owner-cli.js'
