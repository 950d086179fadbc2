// An NGINX in harness. Its configuration is drawn by `render`, read by `nginx -t` before it may touch the running one, and taken over by SIGHUP:
// old workers finish what they have, new ones know the new members. A configuration that is refused changes nothing. Other sockets than it was
// born with need a new master: that one starts beside the old, on the same sockets, and only then the old one is asked to finish.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type NginxInput, type NginxListener, renderNginx } from '@hale/render';
import { platformError } from '../../errors.ts';
import { gatewayErrors } from '../../gateway/errors.ts';
import { isAlive } from '../../keeper/proc-identity.ts';
import type { ProxyConfig, ProxyListener, ProxyOptions, ProxyProgram } from '../proxy-program.ts';
import { closingFile, closingPathIn, sayFarewell, takeBackFarewell } from './farewell.ts';
import { createRider, type Gait, type Rider } from './gait.ts';
import { bearMaster, endMaster, findMaster, inheritance, type MasterNote, socketsOf } from './master.ts';
import { askNginx, type NginxBuild } from './version.ts';
import { createWitness, type Witness } from './witness.ts';

const checkMsMax = 10_000;
const wordsMax = 2000;
const configName = 'nginx.conf';
const oldMasterGraceMs = 30_000;

interface Life {
  readonly build: NginxBuild;
  readonly witness: Witness;
  master: MasterNote | undefined;
  /** The configuration in force. */
  text: string;
  config: ProxyConfig | undefined;
  readonly rider: Rider;
}

/** Adopts or starts nothing before `start`. */
export function createNginx(options: ProxyOptions): ProxyProgram {
  const { bin, folder, clock, env, say } = options;
  let life: Life | undefined;
  let lane: Promise<unknown> = Promise.resolve();
  /** One change at a time: NGINX forgets a signal that comes while it handles one. */
  const inLane = <T>(work: () => Promise<T>): Promise<T> => {
    const done = lane.then(work);
    lane = done.catch(() => {});
    return done;
  };
  const awake = async (): Promise<Life> => {
    if (life !== undefined) return life;
    const build = await askNginx(bin, env);
    const master = findMaster(folder);
    const witness = await createWitness(clock, master?.witnessPort ?? 0);
    for (const name of build.dialect.tempPaths) mkdirSync(join(folder, 'temp', name), { recursive: true, mode: 0o700 });
    const text = master === undefined ? '' : readText(join(folder, configName));
    life = { build, witness, master, text, config: undefined, rider: createRider(text) };
    return life;
  };
  const textOf = ({ build, witness, rider }: Life, config: ProxyConfig) => {
    const input = inputOf(config, { build, folder, witnessPort: witness.port, gait: rider.gait });
    return renderNginx({ ...input, closingFile: closingFile(folder, input) });
  };
  const argsOf = ({ build }: Life, name: string) => [
    ...(build.namesErrorLog ? ['-e', 'stderr'] : []),
    ...['-p', `${folder}/`, '-c', join(folder, name)],
    // Its environment is overwritten by its title, so `hale down` finds it by this word.
    ...['-g', `# HALE_SYSTEM=${env['HALE_SYSTEM'] ?? ''}`],
  ];

  const check = async (own: Life, config: ProxyConfig, text: string): Promise<void> => {
    writeFileSync(join(folder, 'next.conf'), text, { mode: 0o600 });
    const refusal = await tryConfig(bin, ['-t', '-q', ...argsOf(own, 'next.conf')], {
      listeners: config.listeners,
      env,
      folder,
    });
    if (refusal === undefined) return;
    throw platformError('HALE_PLATFORM_PROXY_REFUSED', `NGINX refuses its configuration: ${refusal}`);
  };

  const make = async (config: ProxyConfig): Promise<void> => {
    const own = await awake();
    const text = textOf(own, config);
    const alive = own.master !== undefined && isAlive(own.master.pid, own.master.startTime) ? own.master : undefined;
    const mayKeep = alive !== undefined && alive.sockets === socketsOf(config.listeners) && alive.bin === bin;
    // What a certificate's file holds is not in the text: its mark is.
    const isSame = text === own.text && config.tls?.mark === own.config?.tls?.mark && own.config !== undefined;
    if (mayKeep && isSame) return;
    const farewell = mayKeep ? sayFarewell(clock, folder, isBack(own.config, config)) : undefined;
    await check(own, config, text).catch((error) => {
      takeBackFarewell(folder);
      throw error;
    });
    await farewell;
    rmSync(closingPathIn(text), { force: true });
    own.witness.know(config.services);
    renameSync(join(folder, 'next.conf'), join(folder, configName));
    if (mayKeep) process.kill(alive.pid, 'SIGHUP');
    else {
      const args = argsOf(own, configName);
      own.master = await bearMaster({
        clock,
        bin,
        args,
        folder,
        env,
        listeners: config.listeners,
        witnessPort: own.witness.port,
      });
      if (alive !== undefined) void endMaster(clock, alive, oldMasterGraceMs);
    }
    own.text = text;
    own.config = config;
  };

  /** Watches less closely when there is much to watch. */
  const tune = (own: Life) => {
    const before = own.rider.gait;
    if (own.config === undefined || own.rider.look(own.witness.ratePerS(), clock.mono()) === before) return;
    // What is in force when its turn comes: a change that waits in the lane before it must not be undone.
    inLane(async () => own.config === undefined || make(own.config)).catch((error) => say(String(error)));
  };

  return {
    name: 'nginx',
    version: async () => (await awake()).build.version.join('.'),
    check: (config) => inLane(async () => check(await awake(), config, textOf(await awake(), config))),
    start: (config) => inLane(() => make(config)),
    apply: (config) => inLane(() => make(config)),
    isRunning: () => life?.master !== undefined && isAlive(life.master.pid, life.master.startTime),
    async tally() {
      const own = await awake();
      tune(own);
      return own.witness.tally();
    },
    stop: (graceMs) =>
      inLane(async () => {
        const master = life?.master ?? findMaster(folder);
        if (master === undefined || !isAlive(master.pid, master.startTime)) return;
        if (graceMs > 0) await sayFarewell(clock, folder, false);
        await endMaster(clock, master, graceMs);
      }),
    close: () => life?.witness.close(),
  };
}

/** Whether a service of which nobody was up has somebody again. */
function isBack(before: ProxyConfig | undefined, now: ProxyConfig): boolean {
  const empty = before?.services.filter(({ members }) => members.length === 0).map(({ name }) => name) ?? [];
  return now.services.some(({ name, members }) => members.length > 0 && empty.includes(name));
}

interface Surroundings {
  readonly build: NginxBuild;
  readonly folder: string;
  readonly witnessPort: number;
  readonly gait: Gait;
}

function inputOf(
  config: ProxyConfig,
  { build, folder, witnessPort, gait }: Surroundings,
): Omit<NginxInput, 'closingFile'> {
  const { routes, timeoutMs, tryTimeoutMs, holdMs, bodyBytesMax, workers } = config;
  return {
    dialect: build.dialect,
    folder: `${folder}/`,
    // The pilot's socket and the configuration are this user's alone.
    user: process.getuid?.() === 0 ? userInfo().username : undefined,
    workers,
    listeners: config.listeners.flatMap((listener) => listenerOf(listener, config)),
    routes,
    services: config.services.map((service) => ({ ...service, hold: `unix:${service.holdSocket}` })),
    timeoutMs,
    tryTimeoutMs,
    holdMs,
    bodyBytesMax,
    answers,
    lookEvery: gait.lookEvery,
    witness: { port: witnessPort, every: gait.tellEvery },
  };
}

function listenerOf({ name, host, port }: ProxyListener, { tls }: ProxyConfig): NginxListener[] {
  if (name === 'public') return [{ kind: 'public', host, port }];
  if (name !== 'tls') return [{ kind: 'service', host, port, service: name.slice('svc:'.length) }];
  return tls === undefined ? [] : [{ kind: 'tls', host, port, certFile: tls.certFile, keyFile: tls.keyFile }];
}

/** In NGINX's own name it says what the embedded gateway would. */
const answers: Readonly<Record<number, string>> = Object.fromEntries(
  (
    [
      [400, 'HALE_PLATFORM_GATEWAY_BAD_REQUEST'],
      [404, 'HALE_PLATFORM_GATEWAY_NO_ROUTE'],
      [502, 'HALE_PLATFORM_GATEWAY_UPSTREAM_LOST'],
      [504, 'HALE_PLATFORM_GATEWAY_TIMEOUT'],
    ] as const
  ).map(([status, code]) => {
    const { message, hint } = gatewayErrors[code];
    return [status, JSON.stringify({ error: { code, message, hint } })];
  }),
);

/** Has NGINX read a configuration, with the sockets in its hands so that it binds none; gives its words when it refuses. */
function tryConfig(
  bin: string,
  args: readonly string[],
  {
    listeners,
    env,
    folder,
  }: { listeners: readonly ProxyListener[]; env: Readonly<Record<string, string>>; folder: string },
): Promise<string | undefined> {
  const handed = inheritance(listeners);
  return new Promise((resolve) => {
    let words = '';
    const child = spawn(bin, args, {
      cwd: folder,
      env: { ...env, ...handed.env },
      timeout: checkMsMax,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'ignore', 'pipe', ...handed.stdio],
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      if (words.length < wordsMax) words += bytes.toString('utf8');
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : complaints(words)));
  });
}

/** Only what is wrong: `-t` also says which sockets it inherited. */
function complaints(words: string): string {
  const lines = words.split('\n').filter((line) => /\[(emerg|alert|crit|error)\]/.test(line));
  return (lines.length === 0 ? words : lines.join('; ')).trim().slice(0, wordsMax) || 'without a word';
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
