/** `npm run build`: the packages and the demo. */
import { build } from './bootstrap.mjs'

const { code, text } = await build()
if (text.trim() !== '') console.log(text.trimEnd())
process.exitCode = code === 0 ? 0 : 1
