// All replicas in one table, for those who read figures rather than pictures. A row opens the side panel.
import type { ReplicaView } from '@hale/model';
import { useState } from 'preact/hooks';
import { printAddress } from '../story/address.ts';
import { matching } from '../story/filter.ts';
import { formatBytes, formatRatio, formatSpan } from '../story/format.ts';
import { PhaseGlyph } from './glyph.tsx';
import { Identity } from './identity.tsx';
import { steady } from './steady.ts';

/** From so many on, a box to filter by is shown. */
const filterFrom = 15;

export const ReplicaTable = steady(({ replicas }: { replicas: readonly ReplicaView[] }) => {
  const [words, setWords] = useState('');
  const shown = matching(replicas, words);
  return (
    <>
      <div class="card-head">
        <h2 id="replicas">Replicas {shown.length < replicas.length && `(${shown.length} of ${replicas.length})`}</h2>
        {replicas.length >= filterFrom && (
          <input
            type="search"
            placeholder="orders sick, zone b …"
            aria-label="Filter replicas by name, phase, rotation, zone or reason"
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        )}
      </div>
      {shown.length === 0 ? (
        <p class="empty">{replicas.length === 0 ? 'No replica runs yet.' : 'No replica matches these words.'}</p>
      ) : (
        <Table replicas={shown} />
      )}
    </>
  );
});

const Table = ({ replicas }: { replicas: readonly ReplicaView[] }) => (
  <div class="scroller">
    <table class="replica-table">
      <thead>
        <tr>
          <th scope="col">replica</th>
          <th scope="col">phase</th>
          <th scope="col">rotation</th>
          <th scope="col" class="roomy">
            why
          </th>
          <th scope="col" class="number">
            restarts
          </th>
          <th scope="col" class="number">
            cpu
          </th>
          <th scope="col" class="number">
            memory
          </th>
          <th scope="col" class="number" title="99th percentile of how late the event loop is">
            loop lag
          </th>
          <th scope="col" class="number wide-only">
            pid
          </th>
          <th scope="col" class="wide-only">
            zone
          </th>
        </tr>
      </thead>
      <tbody>
        {replicas.map((replica) => (
          <Row key={replica.replica} replica={replica} />
        ))}
      </tbody>
    </table>
  </div>
);

const Row = steady(({ replica }: { replica: ReplicaView }) => (
  <tr class={`row-${replica.phase}`}>
    <th scope="row">
      <a href={printAddress({ kind: 'replica', replica: replica.replica })}>
        <Identity unit={replica.unit} name={replica.replica} />
      </a>
    </th>
    <td>
      <span class={`phase phase-${replica.phase}`}>
        <PhaseGlyph phase={replica.phase} />
        {replica.phase}
      </span>
    </td>
    <td>{replica.rotation}</td>
    <td class="roomy why" title={replica.why}>
      {replica.why}
    </td>
    <td class="number">{replica.restarts}</td>
    <td class="number">{formatRatio(replica.cpuRatio)}</td>
    <td class="number">{formatBytes(replica.rssBytes)}</td>
    <td class="number">{formatSpan(replica.loopLagMs)}</td>
    <td class="number wide-only">{replica.pid ?? '–'}</td>
    <td class="wide-only">{replica.zone}</td>
  </tr>
));
