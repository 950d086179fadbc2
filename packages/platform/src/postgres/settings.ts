// The engine's dials. What says who and where it is goes on the command line and is ours; what is a matter of taste is written
// into postgresql.conf once, at the start, and is the user's to change.

/** Hale itself: its probes, orders, copies and backups. */
export const superuser = 'hale';

/** Where it asks: nobody else owns it. */
export const ownDatabase = 'postgres';

/**
 * How its sessions work, whatever the owner of a database has set for sessions in it: where that one decides in which schema names are looked up, a
 * superuser's question could call his function.
 */
export const ownOptions = '-c search_path= -c role=none -c statement_timeout=0';

/** The services of a system: it owns their database, and no more (decision 0012). */
export const serviceRole = 'hale_service';

/** Written once, behind what initdb wrote. Small and safe: every commit is flushed to disk, the memory is that of a development machine. */
const initialSettings: readonly (readonly [string, string])[] = [
  ['max_connections', '100'],
  ['shared_buffers', '64MB'],
  ['max_wal_size', '256MB'],
  ['fsync', 'on'],
  ['full_page_writes', 'on'],
  ['synchronous_commit', 'on'],
  ['log_line_prefix', '%m [%p] %q%a '],
  ['log_checkpoints', 'off'],
  // A client that vanished without a word is noticed within about 20 s.
  ['tcp_keepalives_idle', '10'],
  ['tcp_keepalives_interval', '3'],
  ['tcp_keepalives_count', '3'],
];

export function settingsText(): string {
  const lines = initialSettings.map(([name, value]) => `${name} = '${value}'`);
  return `\n# Set by Hale when the database was made; yours to change.\n${lines.join('\n')}\n`;
}

/** What keeps a cluster together is not a matter of taste; it stands on the command line of each of its nodes. */
export const clusterArguments: readonly string[] = Object.entries({
  wal_level: 'replica',
  max_wal_senders: '12',
  max_replication_slots: '12',
  hot_standby: 'on',
  // A reader on a standby holds the primary's vacuum back rather than being cut off; a promotion never waits for one longer than this.
  hot_standby_feedback: 'on',
  max_standby_streaming_delay: '5s',
  // A standby that is away finds its log here, up to this much; then it is copied anew.
  wal_keep_size: '64MB',
  max_slot_wal_keep_size: '1GB',
  wal_sender_timeout: '5s',
  wal_receiver_timeout: '5s',
  wal_receiver_status_interval: '1s',
  wal_retrieve_retry_interval: '50ms',
  // A server that lost a process to a crash makes way for a standby instead of recovering in place.
  restart_after_crash: 'off',
  tcp_user_timeout: '5s',
}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** The command line of the server; no secret is in it. */
export function serverArguments(node: {
  readonly pgdata: string;
  readonly port: number;
  /** Undefined: no unix socket. */
  readonly socketFolder: string | undefined;
  readonly name: string;
  /** Of a single node: commits wait for the receiver of its backups. */
  readonly synchronousTo?: string | undefined;
  /** Log that is kept for a receiver that is away, at most; left to the file where it is not said. */
  readonly slotKeep?: string | undefined;
  /** Connections that are Hale's when services have all others (reserved.ts); left to the file where it is not said. */
  readonly reserved?: number | undefined;
}): readonly string[] {
  const set = (name: string, value: string) => ['-c', `${name}=${value}`];
  return [
    ...['-D', node.pgdata, '-p', String(node.port)],
    ...set('listen_addresses', '127.0.0.1'),
    ...set('unix_socket_directories', node.socketFolder ?? ''),
    ...set('cluster_name', node.name),
    // Lines go to stderr, which the keeper bounds.
    ...set('logging_collector', 'off'),
    ...(node.synchronousTo === undefined ? [] : set('synchronous_standby_names', node.synchronousTo)),
    ...(node.slotKeep === undefined ? [] : set('max_slot_wal_keep_size', node.slotKeep)),
    ...(node.reserved === undefined ? [] : set('superuser_reserved_connections', String(node.reserved))),
  ];
}
