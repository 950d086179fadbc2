// HAProxy behind the pilot's harness (ProxyProgram, decision 0005). Members come and go through the runtime socket, as does a new certificate;
// whatever else changes starts the next life of the program beside the old one (generation.ts). It refuses to touch the working one
// before the program itself has read the new text.
import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import { haproxyBackend, haproxySlot } from '@hale/render';
import { platformError } from '../../errors.ts';
import { identify } from '../../keeper/proc-identity.ts';
import type { ProxyConfig, ProxyOptions, ProxyProgram, ProxyTally } from '../proxy-program.ts';
import { checkHaproxy, haproxyVersion } from './binary.ts';
import { chairsFor, type Drawing, drawHaproxy } from './drawing.ts';
import {
  endGeneration,
  type Generation,
  killStopped,
  livesOn,
  pidBehind,
  retire,
  startGeneration,
} from './generation.ts';
import { createLedger } from './ledger.ts';
import { readLogbook, writeLogbook } from './logbook.ts';
import { askHaproxy, orderHaproxy } from './runtime-socket.ts';
import { seat } from './seating.ts';
import { parseSeats, parseStat, type StatRow } from './stat-table.ts';

/** A HAProxy for the pilot. Nothing runs before `start`. */
export function createHaproxy(options: ProxyOptions): ProxyProgram {
  return new Haproxy(options);
}

class Haproxy implements ProxyProgram {
  readonly name = 'haproxy';
  private readonly options: ProxyOptions;
  private readonly clock: Clock;
  private readonly ledger = createLedger();
  private current: Generation | undefined = undefined;
  /** Former lives that finish what they have; the program ends each itself after the whole time of a request. */
  private retired: readonly Generation[] = [];
  private chairs: Readonly<Record<string, number>> = {};
  /** Service -> chair -> incarnation. */
  private taken = new Map<string, ReadonlyMap<string, string>>();
  private mark: string | undefined = undefined;
  private lastChange: Promise<void> = Promise.resolve();

  constructor(options: ProxyOptions) {
    this.options = options;
    this.clock = options.clock;
  }

  version(): Promise<string> {
    return haproxyVersion(this.options.bin, this.options.env);
  }

  check(config: ProxyConfig): Promise<void> {
    return this.inTurn(() => this.haveRead(config));
  }

  private async haveRead(config: ProxyConfig): Promise<void> {
    const [file, pemFile] = [this.place('check.cfg'), this.place('check.pem')];
    this.linkCertificate(config, pemFile);
    const chairs = chairsFor(config, this.chairs);
    const drawing = this.draw(config, { adminSocket: this.place('check.sock'), pemFile, chairs });
    writeFileSync(file, drawing.text, { mode: 0o600 });
    try {
      await checkHaproxy(
        this.options,
        file,
        config.listeners.map(({ fd }) => fd),
      );
    } finally {
      for (const path of [file, pemFile, `${pemFile}.key`]) rmSync(path, { force: true });
    }
  }

  start(config: ProxyConfig): Promise<void> {
    return this.inTurn(async () => {
      await this.adopt();
      await this.make(config);
    });
  }

  apply(config: ProxyConfig): Promise<void> {
    return this.inTurn(() => this.make(config));
  }

  private async make(config: ProxyConfig): Promise<void> {
    const chairs = chairsFor(config, this.chairs);
    const socket = this.place(this.current?.socket === this.place('a.sock') ? 'b.sock' : 'a.sock');
    const drawing = this.draw(config, { adminSocket: socket, pemFile: this.place('tls.pem'), chairs });
    if (!this.isRunning() || this.current?.stamp !== drawing.stamp)
      await this.replace(config, { drawing, chairs, socket });
    else if (config.tls?.mark !== this.mark) await this.renewCertificate(config);
    await this.seatAll(config);
  }

  isRunning(): boolean {
    return this.current !== undefined && livesOn(this.current);
  }

  async tally(): Promise<ProxyTally> {
    try {
      this.absorb(await this.look());
    } catch (error) {
      // It was silent for seconds, and the kernel says that it is stopped: two witnesses. Whoever asks `isRunning` starts it again.
      if (this.current !== undefined) killStopped(this.current);
      throw error;
    }
    return this.ledger.tally(this.clock.mono());
  }

  stop(graceMs: number): Promise<void> {
    return this.inTurn(() => this.end(graceMs));
  }

  private async end(graceMs: number): Promise<void> {
    await this.adopt();
    const all = this.current === undefined ? this.retired : [this.current, ...this.retired];
    await Promise.all(all.map((each) => endGeneration(each, this.clock, graceMs)));
    this.current = undefined;
    this.retired = [];
    for (const name of ['haproxy.json', 'haproxy.cfg', 'haproxy.log', 'tls.pem', 'tls.pem.key', 'a.sock', 'b.sock']) {
      rmSync(this.place(name), { force: true });
    }
  }

  close(): void {
    // Every question has a connection of its own, and each is bounded: nothing to let go of.
  }

  /** One change after the other: two at once would write over each other's texts. */
  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.lastChange.then(change);
    this.lastChange = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** Finds the life that a former pilot left; one that it was just starting, and nobody knows, is sent home. */
  private async adopt(): Promise<void> {
    if (this.isRunning()) return;
    const book = readLogbook(this.options.folder);
    this.chairs = book.chairs;
    this.retired = book.retired.filter(livesOn);
    const { current, nextSocket } = book;
    // Pid and start time are proof enough: one that is too busy to answer must not get a second beside it.
    if (current !== undefined && livesOn(current)) this.current = current;
    const stranger = nextSocket === undefined ? undefined : await pidBehind(nextSocket);
    if (stranger === undefined || nextSocket === undefined || stranger === this.current?.pid) return;
    const startTime = identify(stranger)?.startTime ?? '';
    this.dismiss({ pid: stranger, startTime, socket: nextSocket, stamp: '' });
  }

  private async replace(
    config: ProxyConfig,
    next: { drawing: Drawing; chairs: Record<string, number>; socket: string },
  ): Promise<void> {
    const { bin, folder, env } = this.options;
    const { drawing, chairs, socket } = next;
    await this.haveRead(config);
    const old = this.current;
    if (this.isRunning()) this.absorb(await this.look());
    const path = this.place('haproxy.cfg');
    writeFileSync(`${path}.next`, drawing.text, { mode: 0o600 });
    this.linkCertificate(config, this.place('tls.pem'));
    this.note(old, socket);
    const fds = config.listeners.map(({ fd }) => fd);
    const start = { bin, folder, env, clock: this.clock, config: `${path}.next`, socket, stamp: drawing.stamp, fds };
    this.current = await startGeneration(start);
    renameSync(`${path}.next`, path);
    this.chairs = chairs;
    if (old !== undefined) this.dismiss(old);
    this.note(this.current, undefined);
    this.mark = config.tls?.mark;
    this.ledger.startOver();
    this.taken = new Map(
      config.services.map(({ name, members }) => [
        name,
        new Map(members.map(({ incarnation }, at) => [haproxySlot(at), incarnation])),
      ]),
    );
  }

  private dismiss(generation: Generation): void {
    retire(generation);
    this.retired = [...this.retired.filter(livesOn), generation];
  }

  private note(current: Generation | undefined, nextSocket: string | undefined): void {
    const { retired, chairs } = this;
    writeLogbook(this.options.folder, { v: 1, current, nextSocket, retired, chairs });
  }

  /** Brings the chairs of every service in line with its members. */
  private async seatAll(config: ProxyConfig): Promise<void> {
    const socket = this.socket();
    const [seats, rows] = await Promise.all([
      askHaproxy({ socket, command: 'show servers state' }).then(parseSeats),
      this.look(),
    ]);
    this.absorb(rows);
    const orders: string[] = [];
    for (const { name, members } of config.services) {
      const backend = haproxyBackend(name);
      const busy = new Set(rows.filter((row) => row.proxy === backend && row.inFlight > 0).map(({ server }) => server));
      const own = seats.filter((each) => each.backend === backend && each.server !== 'hold');
      const seating = seat({ backend, seats: own, taken: this.taken.get(name) ?? new Map(), busy }, members);
      orders.push(...seating.orders);
      this.taken.set(name, seating.taken);
      if (seating.lacking > 0)
        throw platformError('HALE_PLATFORM_PROXY_FAILED', `${name} has ${seating.lacking} replicas more than chairs`);
    }
    await orderHaproxy(socket, orders);
  }

  private async renewCertificate(config: ProxyConfig): Promise<void> {
    const { tls } = config;
    if (tls === undefined) return;
    const socket = this.socket();
    const pem = this.place('tls.pem');
    const transaction = async () => {
      await askHaproxy({
        socket,
        command: `set ssl cert ${pem}`,
        payload: `${readFileSync(tls.certFile, 'utf8')}\n${readFileSync(tls.keyFile, 'utf8')}`,
      });
      const said = await askHaproxy({ socket, command: `commit ssl cert ${pem}` });
      if (!said.includes('Success')) throw new Error(said.trim().slice(0, 500));
    };
    await transaction().catch(async (error: Error) => {
      await askHaproxy({ socket, command: `abort ssl cert ${pem}` }).catch(() => undefined);
      throw platformError('HALE_PLATFORM_PROXY_REFUSED', `HAProxy refuses the new certificate: ${error.message}`, {
        cause: error,
      });
    });
    this.linkCertificate(config, pem);
    this.mark = tls.mark;
  }

  /** Links, so that the key is in no second place. */
  private linkCertificate({ tls }: ProxyConfig, pemFile: string): void {
    if (tls === undefined) return;
    for (const [link, target] of [
      [pemFile, tls.certFile],
      [`${pemFile}.key`, tls.keyFile],
    ] as const) {
      rmSync(link, { force: true });
      symlinkSync(target, link);
    }
  }

  /** The draughtsman refuses by assertion what the language cannot spell: for us that is a refused configuration. */
  private draw(config: ProxyConfig, places: Parameters<typeof drawHaproxy>[1]): Drawing {
    try {
      return drawHaproxy(config, places);
    } catch (error) {
      throw platformError(
        'HALE_PLATFORM_PROXY_REFUSED',
        `this cannot be written for HAProxy: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  private async look(): Promise<StatRow[]> {
    return parseStat(await askHaproxy({ socket: this.socket(), command: 'show stat' }));
  }

  private absorb(rows: readonly StatRow[]): void {
    this.ledger.absorb(rows, this.taken, this.clock.mono());
  }

  private socket(): string {
    if (this.current === undefined) throw platformError('HALE_PLATFORM_PROXY_FAILED', 'HAProxy has not been started');
    return this.current.socket;
  }

  private place(name: string): string {
    return join(this.options.folder, name);
  }
}
