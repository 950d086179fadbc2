// The backups of one database: how old the last one is, whether one was proven by restoring it, how far the store holds what was
// committed, and what is in the way. What nobody read yet is said so, which is not the same as "none".
import type { BackupObservation } from '@hale/model';
import { formatBytes, formatSpan } from '../story/format.ts';
import { Facts } from './side-panel.tsx';

export function Backups({ seen, nowMs }: { seen: BackupObservation; nowMs: number }) {
  const ago = (at: number) => `${formatSpan(Math.max(0, nowMs - at))} ago`;
  const { lastBackup, lastProof, log } = seen;
  const wrong = [
    lastProof?.ok === false ? `the last proof failed: ${lastProof.problem}` : '',
    log?.trouble ?? '',
    seen.lastError,
  ].filter((words) => words !== '');
  return (
    <>
      <h3>Backups{seen.doing === undefined ? '' : `: a ${seen.doing} is under way`}</h3>
      <Facts
        facts={[
          ['last one', lastBackup === undefined ? (seen.known ? 'none yet' : 'not read yet') : ago(lastBackup.at)],
          ['proven', provenWords(seen, ago)],
          [
            'log complete until',
            log === undefined ? 'not followed' : log.completeUntil === 0 ? 'not known yet' : ago(log.completeUntil),
          ],
          ['in the spool', log === undefined ? '–' : formatBytes(log.spoolBytes)],
        ]}
      />
      {wrong.length > 0 && (
        <ul class="missing">
          {wrong.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function provenWords({ lastProof }: BackupObservation, ago: (at: number) => string): string {
  if (lastProof === undefined) return 'not yet';
  return lastProof.ok
    ? `${ago(lastProof.at)}, restored in ${formatSpan(lastProof.rtoMs)}`
    : `failed ${ago(lastProof.at)}`;
}
