// What it costs a commit to wait for the spool as well, beside PostgreSQL's own receiver: the same server, round after round in turn, so that a disk
// that changes its pace does so for all three. `npm run bench -- synchronous --runs N`; the peer wants PostgreSQL of the machine.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { machineBin, openYard } from '@hale/platform/testing';
import type { Row } from '../row.ts';
import { commitP50, commitsMeasured, createStand, median, waitForNobody, waitForPgReceivewal } from './commits.ts';

/** A receiver lives for months: as compiled as it then is, it is measured. What it costs before that is printed as well. */
const roundsToWarm = 20;

export async function run({ runs }: { readonly runs: number }): Promise<readonly Row[]> {
  if (!existsSync(join(machineBin, 'pg_receivewal')))
    throw new Error('the peer is missing: apt-get install postgresql');
  const yard = await openYard({ bin: machineBin });
  const stand = createStand(yard, { folder: join(yard.root, 'vault'), spool: join(yard.root, 'spool') });
  const rounds: { alone: number; hale: number; peer: number }[] = [];
  let next = 1;
  const measure = async () => {
    const p50 = await commitP50(yard, next);
    next += commitsMeasured;
    return p50;
  };
  try {
    await yard.start();
    await yard.query('create table ledger (id int primary key)');
    await measure();
    const young = await stand.waitFor();
    for (let round = 0; round < roundsToWarm; round++) {
      const hale = await measure();
      process.stderr.write(`${JSON.stringify({ commitsBefore: round * commitsMeasured, hale })}\n`);
    }
    await waitForNobody(yard);
    await young.stop();
    for (let round = 0; round < runs; round++) {
      const alone = await measure();
      const ours = await stand.waitFor();
      const hale = await measure();
      await waitForNobody(yard);
      await ours.stop();
      const theirs = await waitForPgReceivewal(yard, { bin: machineBin, folder: join(yard.root, 'received') });
      const peer = await measure();
      await waitForNobody(yard);
      await theirs.stop();
      process.stderr.write(`${JSON.stringify({ round, alone, hale, peer })}\n`);
      rounds.push({ alone, hale, peer });
    }
  } finally {
    await stand.leave();
    await yard.dispose();
  }
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick));
  const what = `commit, median of the p50 of ${rounds.length} rounds of ${commitsMeasured}`;
  const [alone, hale, peer] = [of((one) => one.alone), of((one) => one.hale), of((one) => one.peer)];
  return [
    { case: what, metric: 'p50', hale, unit: 'ms', peer, peerName: 'pg_receivewal --synchronous', ratio: peer / hale },
    { case: what, metric: 'p50', hale, unit: 'ms', peer: alone, peerName: 'nobody waited for', ratio: alone / hale },
    {
      case: 'times as long as alone, median of the rounds',
      metric: 'ratio',
      hale: of((one) => one.hale / one.alone),
      unit: 'x',
      peer: of((one) => one.peer / one.alone),
      peerName: 'pg_receivewal --synchronous',
      ratio: of((one) => one.peer / one.hale),
    },
  ];
}
