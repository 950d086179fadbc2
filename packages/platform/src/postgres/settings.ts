// The engine's dials. What says who and where it is goes on the command line and is ours; what is a matter of taste is written
// into postgresql.conf once, at the start, and is the user's to change.

export const superuser = 'hale';

/** Written once by initdb. Small and safe: every commit is flushed to disk, the memory is that of a development machine. */
export const initialSettings: readonly (readonly [string, string])[] = [
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

/** The command line of the server; no secret is in it. */
export function serverArguments(node: {
  readonly pgdata: string;
  readonly port: number;
  /** Undefined: no unix socket. */
  readonly socketFolder: string | undefined;
  readonly name: string;
}): readonly string[] {
  const set = (name: string, value: string) => ['-c', `${name}=${value}`];
  return [
    ...['-D', node.pgdata, '-p', String(node.port)],
    ...set('listen_addresses', '127.0.0.1'),
    ...set('unix_socket_directories', node.socketFolder ?? ''),
    ...set('cluster_name', node.name),
    // Lines go to stderr, which the keeper bounds.
    ...set('logging_collector', 'off'),
  ];
}
