// What ALTER SYSTEM had written travels in a backup and overrides everything. The user's own settings stay; what named other
// servers, or told this one whom to wait for, is about a house that may not exist any more: with it a restored database would wait
// for ever for its first commit. See the file's own words: lines `name = 'value'`, the last one counts.

const ofTheOldHouse = new Set([
  'synchronous_standby_names',
  'primary_conninfo',
  'primary_slot_name',
  'restore_command',
  'archive_cleanup_command',
  'recovery_end_command',
  'port',
  'listen_addresses',
  'unix_socket_directories',
]);

/** The text of postgresql.auto.conf without what belonged to the old place. */
export function withoutSettings(text: string): string {
  return text
    .split('\n')
    .filter((line) => {
      const name = /^\s*([A-Za-z_.]+)\s*[= ]/.exec(line)?.[1]?.toLowerCase();
      return name === undefined || !(ofTheOldHouse.has(name) || name.startsWith('recovery_target'));
    })
    .join('\n');
}
