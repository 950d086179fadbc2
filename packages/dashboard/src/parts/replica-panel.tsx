// One replica in detail: what it is doing and why, its figures, its last words, and what a person may ask for.
import type { IncidentView, ReplicaView, SystemView } from '@hale/model';
import { printAddress } from '../story/address.ts';
import { formatBytes, formatClock, formatMoment, formatRatio, formatSpan, formatWord } from '../story/format.ts';
import { outcomeLine, sortIncidents } from '../story/lanes.ts';
import { PhaseGlyph } from './glyph.tsx';
import { Identity } from './identity.tsx';
import { LogTail } from './log-tail.tsx';
import { OrderButtons, type OrderChoice } from './order-buttons.tsx';
import { Facts, SidePanel } from './side-panel.tsx';

interface Props {
  replica: ReplicaView;
  incidents: readonly IncidentView[];
  /** The time of the system's last word: turns its monotonic times into ones for people. */
  now: SystemView['at'];
}

export function ReplicaPanel({ replica, incidents, now }: Props) {
  const own = sortIncidents(incidents.filter((incident) => incident.replicas.includes(replica.replica))).slice(0, 5);
  return (
    <SidePanel kind="replica" subject={replica.replica} title={<Identity unit={replica.unit} name={replica.replica} />}>
      <p class={`verdict phase-${replica.phase}`}>
        <PhaseGlyph phase={replica.phase} />
        <strong>{replica.phase}</strong>
        <span>{replica.why}</span>
      </p>
      <Facts
        facts={[
          ['rotation', replica.rotation],
          ['pid', replica.pid ?? '–'],
          ['port', replica.port ?? '–'],
          ['cpu', formatRatio(replica.cpuRatio)],
          ['memory', formatBytes(replica.rssBytes)],
          ['loop lag p99', formatSpan(replica.loopLagMs)],
          ['restarts', replica.restarts],
          ['started', startOf(replica, now)],
          ['zone', replica.zone],
          ['release', replica.release],
        ]}
      />
      <OrderButtons key={replica.replica} choices={choicesFor(replica)} />
      {own.length > 0 && (
        <>
          <h3>Incidents</h3>
          <ul class="panel-incidents">
            {own.map((incident) => (
              <li key={incident.id}>
                <a href={printAddress({ kind: 'incident', incident: incident.id })}>
                  <time>{formatClock(incident.openedAt.wall)}</time> {formatWord(incident.cause)},{' '}
                  {outcomeLine(incident)}
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>Last lines</h3>
      <LogTail replica={replica.replica} />
    </SidePanel>
  );
}

function startOf({ startedAt }: ReplicaView, now: SystemView['at']): string {
  return startedAt === undefined ? '–' : formatMoment(now.wall - (now.mono - startedAt), now.wall);
}

function choicesFor(replica: ReplicaView): readonly OrderChoice[] {
  const name = replica.replica;
  const restart: OrderChoice = {
    label: 'Restart',
    order: { kind: 'restart', unit: replica.unit, replica: name },
    consequence: `Takes ${name} out of rotation, lets it finish, and starts it again. Counts against the budget.`,
  };
  const drain: OrderChoice = {
    label: 'Drain',
    order: { kind: 'drain', replica: name },
    consequence: `Takes ${name} out of rotation, lets it finish, and keeps it stopped until it is undrained.`,
  };
  const undrain: OrderChoice = {
    label: 'Undrain',
    order: { kind: 'undrain', replica: name },
    consequence: `Starts ${name} again and puts it back into rotation once it is ready.`,
  };
  const resume: OrderChoice = {
    label: 'Try again',
    order: { kind: 'resume', unit: replica.unit },
    consequence: `Lets ${replica.unit} start again although it kept failing. The healer watches it as before.`,
  };
  switch (replica.phase) {
    case 'held':
      return [resume, drain];
    case 'draining':
    case 'stopping':
    case 'stopped':
      return [undrain];
    default:
      return [restart, drain];
  }
}
