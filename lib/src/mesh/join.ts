/**
 * From a room's name to a mesh. Checks what was given, finds out who we are, starts the core, and
 * waits until a signaling server has let us in, or until it is clear that none will.
 */
import { overlayDefaults, swimDefaults } from '../core/config.ts'
import { Core } from '../core/core.ts'
import { toBase64Url } from '../identity/base64url.ts'
import type { Signer } from '../identity/keys.ts'
import { instanceIdFromBytes, type MeshId, meshIdOf, type PeerId } from '../identity/peer-id.ts'
import type { Sealer } from '../identity/sealer.ts'
import { chooseVerifier, type ChosenVerifier, freshSigner, type SubtleLike } from '../identity/webcrypto.ts'
import {
  encodeValue,
  keyBytesMax,
  metadataBytesMax,
  nameBytesMax,
  openKept,
  payloadBytesMax,
  recallEntry,
  tryDecodeValue,
} from '../pipeline/index.ts'
import { SignalingClient, type SocketLike } from '../signaling/client.ts'
import { Alarms } from './alarms.ts'
import { Driver } from './driver.ts'
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'
import type { Host } from './host.ts'
import { type CheckedOptions, checkJoin, type IceServer, type JoinOptions } from './join-options.ts'
import { JoinedMesh } from './joined-mesh.ts'
import type { Mesh, Metadata } from './mesh.ts'
import type { OwnedRoom } from './owned-room.ts'
import type { Run, RunEvents, TransportMaker } from './parts.ts'
import type { SealingCrypto } from './sealed-door.ts'
import type { SecretRoom } from './secret-room.ts'
import { openStreets } from './streets.ts'
import { openSealer, type X25519Crypto } from './x25519-sealer.ts'

/** What differs between a page, Node and a test. */
export interface Platform {
  openHost(): Host
  /** WebCrypto, where there is one. */
  subtle(): SubtleLike | undefined
  /**
   * Loads what a mesh needs of this platform. `ownTransport`: the application brings what makes links.
   * Rejects with `ERR_UNSUPPORTED` for what is missing.
   */
  load(ownTransport: boolean): Promise<Facilities>
}

export interface Facilities {
  /** May throw where the page forbids it. */
  openSocket(url: string): SocketLike
  /** Undefined where the application brings its own. */
  readonly transport: TransportMaker | undefined
}

/** Wrong however often it is tried: no use in waiting. */
const finalCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'ERR_SIGNALING_BLOCKED',
  'ERR_SIGNALING_PROTOCOL',
  'ERR_SIGNALING_SIGNER',
  'ERR_VERSION',
  'ERR_ROOM_INVALID',
  'ERR_ROOM_MISMATCH',
  'ERR_ID_INVALID',
  'ERR_SIGNATURE',
  'ERR_AUDIENCE',
  'ERR_TOKEN_REQUIRED',
  'ERR_TOKEN_INVALID',
  'ERR_ORIGIN',
  'ERR_ROOM_FULL',
  'ERR_ROOMS_FULL',
])

const tunables = { swim: { ...swimDefaults }, overlay: { ...overlayDefaults } }

export async function joinOn<M extends Metadata>(
  platform: Platform,
  room: string,
  options: JoinOptions<M>,
): Promise<Mesh<M>> {
  const checked = checkJoin(room, options, tunables)
  const { signal } = checked
  throwIfAborted(signal)
  const [facilities, signer, verifier] = await Promise.all([
    platform.load(checked.transport !== undefined),
    checked.identity ?? freshSigner(platform.subtle(), () => crypto.getRandomValues(new Uint8Array(32))),
    chooseVerifier(platform.subtle()),
  ])
  const subtle = platform.subtle()
  if (checked.secrets.length > 0 && subtle === undefined)
    throw new ShoalError(
      'ERR_UNSUPPORTED',
      'A secret needs WebCrypto, which browsers have on https:// pages and on localhost.',
    )
  // Loaded by those who need them.
  const secret =
    checked.secrets.length === 0
      ? undefined
      : new (await import('./secret-room.ts')).SecretRoom(
          room,
          checked.secrets,
          signer.peerId,
          subtle as unknown as SealingCrypto,
        )
  const owned =
    checked.owned &&
    (await (await import('./owned-room.ts')).openOwnedRoom(room, checked.owned, signer, verifier.verifier))
  if (checked.allow && !checked.allow.has(signer.peerId))
    throw new ShoalError('ERR_NOT_ALLOWED', `${errorCodes.ERR_NOT_ALLOWED} Our id is ${signer.peerId}.`)
  const sealer = await openSealer(platform.subtle() as X25519Crypto | undefined, signer.peerId, (bytes) =>
    crypto.getRandomValues(new Uint8Array(bytes)),
  )
  const transport = checked.transport ?? facilities.transport
  if (!transport) throw new ShoalError('ERR_UNSUPPORTED', errorCodes.ERR_UNSUPPORTED)
  throwIfAborted(signal)
  const host = platform.openHost()
  const alarms = new Alarms(host)
  const gate = new Gate(checked, alarms)
  let mesh: JoinedMesh<M> | undefined
  try {
    if (owned) await owned.enter(host.wall())
    const cast = {
      checked,
      openSocket: facilities.openSocket,
      transport,
      signer,
      verifier,
      meshId: owned?.meshId ?? secret?.meshId ?? meshIdOf(room),
      owned,
      secret,
      sealer,
      host,
      alarms,
    }
    mesh = new JoinedMesh<M>(
      {
        id: signer.peerId,
        room,
        host,
        alarms,
        limits: checked.limits,
        values: { encode: encodeValue, decode: tryDecodeValue },
        messageBytesMax: payloadBytesMax,
        metadataBytesMax,
        mapLimits: { keyBytesMax, nameBytesMax, valueBytesMax: payloadBytesMax },
        storeRoom: toBase64Url(cast.meshId),
        owned,
        openKept: (bytes, done) => {
          const kept = { verifier: verifier.verifier, meshId: cast.meshId, proofs: owned?.rule }
          openKept(kept, 'entry', bytes, host.wall(), done)
        },
        openRun: (metadata, events) => openRun(cast, metadata, gate.watch(events)),
      },
      checked.metadata as M,
    )
    await gate.passed
  } catch (error) {
    gate.close()
    if (mesh) await mesh.end('ERR_CLOSED')
    else host.close()
    throw error
  }
  leaveOnAbort(mesh, signal)
  return mesh
}

interface Cast {
  readonly owned: OwnedRoom | undefined
  readonly checked: CheckedOptions
  readonly openSocket: (url: string) => SocketLike
  readonly transport: TransportMaker
  readonly signer: Signer
  readonly verifier: ChosenVerifier
  readonly meshId: MeshId
  readonly host: Host
  readonly alarms: Alarms
  readonly secret: SecretRoom | undefined
  readonly sealer: Sealer | undefined
}

/** One instance of us: a core, and all that drives it. */
function openRun(cast: Cast, metadata: Uint8Array, events: RunEvents): Run {
  const { checked, signer, meshId, host, alarms, owned, secret } = cast
  const { verifier, native } = cast.verifier
  const clock = {
    now: () => host.now(),
    after: (delayMs: number, callback: () => void) => alarms.after(delayMs, callback),
  }
  const [a, b, c, d] = new Uint32Array(host.random(16).buffer) as unknown as [number, number, number, number]
  const core = new Core(
    {
      id: signer.peerId,
      meshId,
      recall: recallEntry,
      instance: instanceIdFromBytes(host.random(16)),
      startedAt: host.wall(),
      seed: [a, b, c, d],
      metadata,
      zone: checked.zone,
      sealingKey: cast.sealer?.publicKey,
      wallOffsetMs: host.wall() - host.now(),
      swim: checked.swim,
      overlay: checked.overlay,
      ...owned?.core,
      ...(checked.allow === undefined ? {} : { admits: (peer: PeerId) => checked.allow!.has(peer) }),
    },
    host.now(),
  )
  /** By server, the newest: credentials are short-lived, and come anew with every welcome. */
  const offered = new Map<string, readonly IceServer[]>()
  const client = new SignalingClient(
    {
      urls: checked.urls,
      // The server need not know the name of a room that nobody enters by its name.
      room: secret?.door ?? owned?.door ?? checked.room,
      signer,
      joinTimeoutMs: checked.limits.joinTimeoutMs,
      ...(checked.token === undefined ? {} : { token: checked.token }),
    },
    {
      ...clock,
      openSocket: cast.openSocket,
      random: () => new Uint32Array(host.random(4).buffer)[0]! / 2 ** 32,
    },
    {
      onConnected: (url, sample, offer) => {
        if (checked.offeredIceServers && offer !== undefined) offered.set(url, offer.iceServers)
        driver.handle({ type: 'door-opened', sample })
        events.onSignalingConnected(url)
      },
      onLost: (url, error) => {
        if (client.connected.length === 0) driver.handle({ type: 'door-closed' })
        events.onSignalingLost(url, new ShoalError(error.code, error.message, { cause: error }))
      },
      onSample: (sample) => driver.handle({ type: 'door-sample', sample }),
      onSignal: (from, payload) =>
        sealed === undefined
          ? driver.onDoorSignal(from, payload)
          : sealed.receive(from, payload, (opened) => driver.onDoorSignal(from, opened)),
      onAbsent: (peer) => driver.unreachable(peer, 'ERR_ABSENT'),
    },
  )
  const sealed = secret?.seal(client, (bytes) => host.random(bytes))
  const admit = (peer: PeerId, proof: Uint8Array, done: (refusal: string | undefined) => void): void => {
    if (owned) owned.rule.admit(peer, proof, host.wall(), done)
    else done(checked.allow?.has(peer) === false ? 'HS_ADMISSION' : undefined)
  }
  const driver = new Driver({
    core,
    host,
    alarms,
    door: sealed ?? client,
    openPipeline: (deliver) =>
      openStreets({ meshId, signer, verifier, native, sealer: cast.sealer, proofs: owned?.rule }, deliver),
    openTransport: cast.transport({
      credentials: {
        meshId,
        signer,
        verifier,
        psk: secret?.psk,
        admit,
        // Asked for each link: it may have been renewed.
        get capability() {
          return owned?.proof
        },
      },
      iceServers: () => [...checked.iceServers, ...[...offered.values()].flat()],
      host: { ...clock, random: (bytes) => host.random(bytes) },
    }),
    onEvent: (event) => events.onEvent(event),
    onAnnounced: () => events.onAnnounced(),
    onBroken: (error) => events.onBroken(error),
  })
  return {
    driver,
    state: core.state,
    vitals: () => ({
      localHealth: core.localHealth,
      isolated: core.isolated,
      edges: core.edges(),
      rings: core.rings().map(([before, after]) => ({ before, after })),
      signaling: driver.stopped ? 'closed' : client.connected.length > 0 ? 'connected' : 'connecting',
      signalingFramesSent: client.framesSent,
    }),
    route: (to) => core.route(to),
  }
}

/** Opens when we are a member and a server has let us in, and fails with the reason why none did. */
class Gate {
  readonly passed: Promise<void>
  readonly #urls: readonly string[]
  readonly #lost = new Map<string, ShoalError>()
  readonly #abort = new AbortController()
  readonly #cancelDeadline: () => void
  #settle: (error?: ShoalError) => void = () => {}
  #announced = false
  #connected = false

  constructor({ urls, limits, signal }: CheckedOptions, alarms: Alarms) {
    this.#urls = urls
    this.passed = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        this.close()
        if (error) reject(error)
        else resolve()
      }
    })
    // It may fail before anybody awaits it, and is awaited all the same.
    this.passed.catch(() => {})
    this.#cancelDeadline = alarms.after(limits.joinTimeoutMs, () => this.#onDeadline(limits.joinTimeoutMs))
    signal?.addEventListener('abort', () => this.#settle(abortError(signal)), { signal: this.#abort.signal })
  }

  watch(events: RunEvents): RunEvents {
    return {
      onEvent: (event) => events.onEvent(event),
      onAnnounced: () => {
        this.#announced = true
        this.#look()
      },
      onSignalingConnected: (url) => {
        events.onSignalingConnected(url)
        this.#connected = true
        this.#look()
      },
      onSignalingLost: (url, error) => {
        events.onSignalingLost(url, error)
        this.#lost.set(url, error)
        const lost = [...this.#lost.values()]
        if (lost.length === this.#urls.length && lost.every(({ code }) => finalCodes.has(code))) this.#settle(error)
      },
      onBroken: (error) => {
        events.onBroken(error)
        this.#settle(new ShoalError('ERR_INTERNAL', `${errorCodes.ERR_INTERNAL} ${String(error)}`, { cause: error }))
      },
    }
  }

  close(): void {
    this.#abort.abort()
    this.#cancelDeadline()
  }

  #look(): void {
    if (this.#announced && this.#connected) this.#settle()
  }

  #onDeadline(timeoutMs: number): void {
    const reason = [...this.#lost.values()].at(-1)
    const silence = `${this.#urls.join(', ')}: not let in within ${timeoutMs} ms, and not told why not.`
    this.#settle(reason ?? new ShoalError('ERR_SIGNALING_SILENT', silence))
  }
}

function leaveOnAbort(mesh: JoinedMesh, signal: AbortSignal | undefined): void {
  if (!signal) return
  const leave = () => void mesh.end('ERR_ABORTED')
  signal.addEventListener('abort', leave)
  mesh.addEventListener('closed', () => signal.removeEventListener('abort', leave))
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

function abortError(signal: AbortSignal): ShoalError {
  return new ShoalError('ERR_ABORTED', errorCodes.ERR_ABORTED, { cause: signal.reason })
}
