// Incidents, open ones on top. When there is none, the page says how to make one: seeing it heal is the point.
import type { IncidentView, ReplicaView } from '@hale/model';
import { useState } from 'preact/hooks';
import { printAddress } from '../story/address.ts';
import { formatClock, formatMany, formatWord } from '../story/format.ts';
import { outcomeLine, sortIncidents } from '../story/lanes.ts';
import { Identity } from './identity.tsx';
import { steady } from './steady.ts';

const firstIncidents = 8;

interface Props {
  incidents: readonly IncidentView[];
  /** A replica whose death would be a good first incident. */
  candidate: ReplicaView | undefined;
}

export const IncidentList = steady(({ incidents, candidate }: Props) => {
  const [all, setAll] = useState(false);
  if (incidents.length === 0) return <NoIncident candidate={candidate} />;
  const sorted = sortIncidents(incidents);
  const shown = all ? sorted : sorted.slice(0, firstIncidents);
  return (
    <>
      <ul class="incident-list">
        {shown.map((incident) => (
          <Line key={incident.id} incident={incident} />
        ))}
      </ul>
      {shown.length < sorted.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          Show {formatMany(sorted.length - shown.length, 'older incident')}
        </button>
      )}
    </>
  );
});

const Line = steady(({ incident }: { incident: IncidentView }) => (
  <li>
    <a
      class={`incident-line outcome-${incident.outcome}`}
      href={printAddress({ kind: 'incident', incident: incident.id })}
    >
      <time dateTime={new Date(incident.openedAt.wall).toISOString()}>{formatClock(incident.openedAt.wall)}</time>
      <span class="incident-title">
        <Identity unit={incident.unit} />
        <span class="cause">{formatWord(incident.cause)}</span>
        <span class="sentence">{incident.title}</span>
      </span>
      <span class="outcome">{outcomeLine(incident)}</span>
    </a>
  </li>
));

function NoIncident({ candidate }: { candidate: ReplicaView | undefined }) {
  return (
    <p class="empty">
      No incident. To watch one heal, run <code>hale drill run crash</code>
      {candidate?.pid !== undefined && (
        <>
          , or kill a replica by hand: <code>kill -9 {candidate.pid}</code> is {candidate.replica}
        </>
      )}
      . Nothing is lost: callers are sent to the others while it is replaced.
    </p>
  );
}
