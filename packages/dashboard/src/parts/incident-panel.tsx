// One incident as a story in lanes: symptom, evidence, isolation, decision with what was rejected, action, verification,
// outcome. The attachment (a blocked stack, last words) comes last, whole and in monospace.
import type { IncidentView } from '@hale/model';
import { useEffect, useState } from 'preact/hooks';
import { printAddress } from '../story/address.ts';
import { formatClock, formatSpan, formatWord } from '../story/format.ts';
import { type Lane, type LaneItem, lanesOf, outcomeLine } from '../story/lanes.ts';
import { type Answer, getIncident } from '../wire/api.ts';
import { Identity } from './identity.tsx';
import { Facts, SidePanel } from './side-panel.tsx';
import { Trouble } from './trouble.tsx';

/** `known` is the incident where the live view still holds it; an older one is asked for. */
export function IncidentPanel({ id, known }: { id: string; known: IncidentView | undefined }) {
  const [answer, setAnswer] = useState<Answer<IncidentView>>();
  useEffect(() => {
    if (known !== undefined) return;
    let stopped = false;
    setAnswer(undefined);
    void getIncident(id).then((next) => {
      if (!stopped) setAnswer(next);
    });
    return () => {
      stopped = true;
    };
  }, [id, known === undefined]);
  const incident = known ?? (answer?.ok ? answer.value : undefined);
  return (
    <SidePanel
      kind="incident"
      subject={id}
      title={incident === undefined ? `…${id.slice(-6)}` : formatWord(incident.cause)}
    >
      {incident !== undefined && <Story incident={incident} />}
      {incident === undefined && answer === undefined && <p class="empty">Looking it up…</p>}
      {incident === undefined && answer !== undefined && !answer.ok && <Trouble trouble={answer.trouble} />}
    </SidePanel>
  );
}

function Story({ incident }: { incident: IncidentView }) {
  return (
    <>
      <p class={`verdict outcome-${incident.outcome}`}>
        <strong>{outcomeLine(incident)}</strong>
        <span>{incident.title}</span>
      </p>
      <Facts
        facts={[
          ['opened', formatClock(incident.openedAt.wall)],
          [
            'replicas',
            <span key="replicas" class="names">
              {incident.replicas.map((replica) => (
                <a key={replica} href={printAddress({ kind: 'replica', replica })}>
                  <Identity unit={incident.unit} name={replica} />
                </a>
              ))}
            </span>,
          ],
        ]}
      />
      <ol class="lanes">
        {lanesOf(incident).map((lane) => (
          <LaneRow key={lane.kind} lane={lane} />
        ))}
      </ol>
      {incident.attachment !== undefined && (
        <>
          <h3>Attached</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard */}
          <pre class="log attachment" tabIndex={0}>
            {incident.attachment}
          </pre>
        </>
      )}
      <p class="quiet-text">
        The same in a terminal: <code>hale explain {incident.id}</code>
      </p>
    </>
  );
}

function LaneRow({ lane }: { lane: Lane }) {
  return (
    <li class={`lane lane-${lane.kind}`}>
      <h3>{lane.kind}</h3>
      <ul>
        {lane.items.map((item) => (
          <Item key={`${item.text}@${item.afterMs}`} item={item} />
        ))}
      </ul>
    </li>
  );
}

const toneWord: Readonly<Partial<Record<LaneItem['tone'], string>>> = { rejected: 'rejected' };

function Item({ item }: { item: LaneItem }) {
  const word = toneWord[item.tone];
  return (
    <li class={`tone-${item.tone}`}>
      <span>
        {word !== undefined && <em>{word} </em>}
        {item.text}
      </span>
      {item.afterMs !== undefined && item.afterMs > 0 && <time>+{formatSpan(item.afterMs)}</time>}
    </li>
  );
}
