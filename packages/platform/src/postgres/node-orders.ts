// What a running node of a database cluster is told: take log from nobody, take it from this primary, be the primary. Each is written
// on the badge first, so that an order of a past term is refused whoever brings it, and each is done again without harm.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import type { NodeOrder } from '../process/launcher.ts';
import { anyOf, type OwnSetting, writeSettings } from './auto-conf.ts';
import { assertTerm, readBadge, writeBadge } from './badge.ts';
import { readPassword } from './data-folder.ts';
import { postgresError } from './errors.ts';
import type { NodeLink } from './node-link.ts';
import { applicationName, type NodePlace } from './node-place.ts';
import type { RunAs } from './run-as.ts';
import { superuser } from './settings.ts';

export interface ClusterNode {
  readonly unit: string;
  /** The primary and those who may acknowledge for it. */
  readonly nodes: number;
  /** With the copies in other regions. */
  readonly all: number;
  readonly acknowledgers: number;
  /** For it, too, each commit waits: its name, and how many voices it has. */
  readonly receiver?: { readonly name: string; readonly voices: number };
  readonly home: string;
  /** See once-made.ts. */
  readonly note: string;
  readonly port: number;
  readonly place: NodePlace;
  readonly runAs: RunAs;
  readonly link: NodeLink;
  readonly clock: Clock;
}

/** A look every few milliseconds: callers wait for the end of this. */
const lookEveryMs = 4;
const withinMs = 2_500;

/** Gives where the log of a fenced node ends. Throws HALE_PLATFORM_POSTGRES_TERM, _FENCE, _PROMOTE, and what pg throws. */
export async function obey(node: ClusterNode, order: NodeOrder): Promise<number | undefined> {
  const badge = readBadge(node.place.badge);
  assertTerm(badge, order.term, order.replica);
  switch (order.kind) {
    case 'FenceStandby':
      await writeBadge(node.place.badge, { ...badge, fenced: order.term });
      return fence(node, order);
    case 'FollowPrimary':
      await writeBadge(node.place.badge, { term: order.term, fenced: order.term });
      await follow(node, order);
      return undefined;
    case 'PromoteStandby':
      await writeBadge(node.place.badge, { term: order.term, fenced: order.term });
      return promote(node, order);
  }
}

/** What a node must know in a term, whoever it is: who acknowledges for it, should it be the primary; and no primary yet. */
export function termSettings(node: ClusterNode, term: number): Readonly<Partial<Record<OwnSetting, string>>> {
  const { receiver, acknowledgers } = node;
  const names = copyNames(node, term);
  if (receiver === undefined) return { synchronous_standby_names: anyOf(acknowledgers, names) };
  return { synchronous_standby_names: anyOf(acknowledgers + receiver.voices, [receiver.name, ...names]) };
}

/** The names of those who may acknowledge for this node in a term. */
export function copyNames(node: Pick<ClusterNode, 'unit' | 'nodes' | 'place'>, term: number): string[] {
  const others = Array.from({ length: node.nodes }, (_, ordinal) => ordinal).filter((it) => it !== node.place.ordinal);
  return others.map((ordinal) => applicationName({ unit: node.unit, ordinal, term }));
}

/** The name of the slot that keeps a primary's log for this node. */
export function slotName(ordinal: number): string {
  return `hale_${ordinal}`;
}

interface Fenced {
  readonly receivers: number;
  readonly waits: boolean;
}

/**
 * Done when its receiver is gone and everything that lies on its disk has been counted: where it received nothing in this
 * life, the end of its log is known only once it has been replayed.
 */
async function fence(node: ClusterNode, { replica, term }: NodeOrder): Promise<number> {
  await writeSettings(node.place.pgdata, termSettings(node, term), node.runAs);
  await reload(node);
  const question = `
    select (select count(*) from pg_stat_wal_receiver)::int as receivers,
      pg_last_wal_receive_lsn() is not null or exists (select from pg_stat_activity where backend_type = 'startup'
        and wait_event in ('RecoveryWalStream', 'RecoveryRetrieveRetryInterval')) as waits`;
  await until(node, async () => {
    const answer = await node.link.ask<Fenced & Record<string, unknown>>(question);
    return answer?.receivers === 0 && answer.waits;
  });
  const { role, logEnd } = await node.link.look();
  if (role === 'standby') return logEnd;
  throw postgresError('HALE_PLATFORM_POSTGRES_FENCE', `${replica} is a primary: it cannot be fenced as a standby`);
}

async function follow(node: ClusterNode, order: Extract<NodeOrder, { kind: 'FollowPrimary' }>): Promise<void> {
  const { ordinal, pgdata } = node.place;
  const password = readPassword(node.home) ?? '';
  const words = {
    host: order.address,
    port: String(order.port),
    user: superuser,
    password,
    application_name: applicationName({ unit: node.unit, ordinal, term: order.term }),
    connect_timeout: '2',
    keepalives_idle: '2',
    keepalives_interval: '1',
    keepalives_count: '3',
    tcp_user_timeout: '5000',
  };
  const conninfo = Object.entries(words).map(([name, value]) => `${name}=${value}`);
  const settings = {
    ...termSettings(node, order.term),
    primary_conninfo: conninfo.join(' '),
    primary_slot_name: slotName(ordinal),
  };
  await writeSettings(pgdata, settings, node.runAs);
  await reload(node);
}

async function promote(
  node: ClusterNode,
  { replica, term, alone }: Extract<NodeOrder, { kind: 'PromoteStandby' }>,
): Promise<number | undefined> {
  const isStandby = async () => (await node.link.ask<{ standby: boolean }>(isStandbyQuestion))?.standby !== false;
  const settings = alone === true ? { synchronous_standby_names: '' } : termSettings(node, term);
  // Only who is told to go on alone, or to wait again, is the primary already.
  if (!(await isStandby())) {
    if (alone !== undefined) await makeItCount(node, settings);
    return undefined;
  }
  // Nobody may write before the server counts by the names of this term.
  await makeItCount(node, settings);
  // Not `wait`: that looks ten times a second only.
  await node.link.ask('select pg_promote(false)');
  await until(node, async () => !(await isStandby()));
  const { role } = await node.link.look();
  if (role !== 'primary')
    throw postgresError('HALE_PLATFORM_POSTGRES_PROMOTE', `${replica} was told to be the primary, and is none`);
  return undefined;
}

/** Resolves when the server goes by these names. */
async function makeItCount(node: ClusterNode, settings: ReturnType<typeof termSettings>): Promise<void> {
  await writeSettings(node.place.pgdata, settings, node.runAs);
  await reload(node);
  await until(node, async () => {
    const shown = await node.link.ask<{ names: string }>(
      "select current_setting('synchronous_standby_names') as names",
    );
    return shown?.names === settings.synchronous_standby_names;
  });
}

const isStandbyQuestion = 'select pg_is_in_recovery() as standby';

/** By its own pid file: a node that does not answer questions yet must hear it too. Waits until it listens, and so handles signals. */
async function reload({ place, clock }: ClusterNode): Promise<void> {
  const file = join(place.pgdata, 'postmaster.pid');
  const deadline = clock.mono() + withinMs;
  for (;;) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    if (lines.length > 7 && (lines[7] ?? '').trim() !== '') {
      process.kill(Number(lines[0]), 'SIGHUP');
      return;
    }
    if (clock.mono() > deadline)
      throw postgresError('HALE_PLATFORM_POSTGRES_RELOAD', `${place.pgdata} has no running server that could be told`);
    await pause(clock);
  }
}

async function until({ clock, place }: ClusterNode, holds: () => Promise<boolean>): Promise<void> {
  const deadline = clock.mono() + withinMs;
  while (!(await holds())) {
    if (clock.mono() > deadline)
      throw postgresError('HALE_PLATFORM_POSTGRES_FENCE', `the node in ${place.pgdata} did not change in time`);
    await pause(clock);
  }
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(lookEveryMs, resolve));
}
