/** `shoal-signaling`: the server that introduces strangers to a mesh, and may then die. */
export { startSignalingServer } from './server.ts'
export type { SignalingServer, SignalingServerOptions } from './server.ts'
export { OptionError, settings } from './options.ts'
export type { Settings, SettingName } from './options.ts'
