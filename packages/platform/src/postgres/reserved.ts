// The side door: connections that PostgreSQL keeps for superusers when everybody else has the rest. Its default of three is too few for a
// probe, a line to each node, copies and backups at one time. How many there are in all is the user's to set, and a server whose
// reserve does not fit into that refuses to start, so his file is read first and left alone where it is small or not plain.
import { join } from 'node:path';
import { readText } from './data-folder.ts';

const wanted = 10;
/** With fewer in all, ten would be taken from people who counted theirs. */
const roomyFrom = 40;
const initdbDefault = 100;

/** Undefined: what the user's files say, or PostgreSQL's own three. */
export function reservedConnections(pgdata: string): number | undefined {
  const files = ['postgresql.conf', 'postgresql.auto.conf'].map((name) => readText(join(pgdata, name)));
  return reservedIn(files.join('\n'));
}

/** Of the files' text in the order in which they are read. */
export function reservedIn(text: string): number | undefined {
  if (/^\s*include/im.test(text) || /^\s*superuser_reserved_connections\b/im.test(text)) return undefined;
  const said = [...text.matchAll(/^\s*max_connections\s*=?\s*'?(\w+)/gim)].at(-1)?.[1];
  const all = said === undefined ? initdbDefault : Number(said);
  return all >= roomyFrom ? wanted : undefined;
}
