// One unit in detail: its promise, who it leans on and who leans on it, and its replicas.
import type { DegradedNotice, SystemView, TrafficView, UnitView } from '@hale/model';
import { edgesOf } from '../graph/edges.ts';
import { printAddress } from '../story/address.ts';
import { formatCount, formatRate, formatSpan } from '../story/format.ts';
import { Backups } from './backups.tsx';
import { PhaseGlyph, StateGlyph } from './glyph.tsx';
import { Identity } from './identity.tsx';
import { OrderButtons, type OrderChoice } from './order-buttons.tsx';
import { Facts, SidePanel } from './side-panel.tsx';

interface Props {
  unit: UnitView;
  view: SystemView;
  traffic: TrafficView | undefined;
}

export function UnitPanel({ unit, view, traffic }: Props) {
  const edges = edgesOf(view.units);
  const replicas = view.replicas.filter((replica) => replica.unit === unit.unit);
  const backups = view.backups?.find(({ database }) => database === unit.unit);
  return (
    <SidePanel kind={unit.role} subject={unit.unit} title={<Identity unit={unit.unit} />}>
      <p class={`verdict state-${unit.state}`}>
        <StateGlyph state={unit.state} />
        <strong>{unit.state}</strong>
        <span>{unit.why}</span>
      </p>
      <Facts
        facts={[
          ['serving', `${unit.serving} of ${unit.wanted}`],
          ...(unit.role === 'postgres' ? [] : flowFacts(traffic?.perUnit[unit.unit])),
          ['uses', <Names key="uses" names={edges.filter((edge) => edge.from === unit.unit).map((edge) => edge.to)} />],
          [
            'used by',
            <Names key="by" names={edges.filter((edge) => edge.to === unit.unit).map((edge) => edge.from)} />,
          ],
        ]}
      />
      {unit.degraded !== undefined && <Missing notices={unit.degraded} nowMs={view.at.wall} />}
      {backups !== undefined && <Backups seen={backups} nowMs={view.at.wall} />}
      <OrderButtons key={unit.unit} choices={choicesFor(unit)} />
      <h3>Replicas</h3>
      <ul class="panel-replicas">
        {replicas.map((replica) => (
          <li key={replica.replica}>
            <a class={`phase-${replica.phase}`} href={printAddress({ kind: 'replica', replica: replica.replica })}>
              <PhaseGlyph phase={replica.phase} />
              <strong>{replica.replica}</strong>
              <span>
                {replica.phase}: {replica.why}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </SidePanel>
  );
}

/** What the gateway sees of it; it sees nothing of a database. */
function flowFacts(flow: TrafficView['perUnit'][string] | undefined): readonly (readonly [string, string])[] {
  return [
    ['requests/s', formatRate(flow?.rps)],
    ['p50', formatSpan(flow?.p50Ms)],
    ['p99', formatSpan(flow?.p99Ms)],
    ['requests', formatCount(flow?.requests)],
    ['failed', formatCount(flow?.failed)],
  ];
}

/** What it answers without, why, and since when. */
function Missing({ notices, nowMs }: { notices: readonly DegradedNotice[]; nowMs: number }) {
  return (
    <>
      <h3>Answers by fallback</h3>
      <ul class="missing">
        {notices.map(({ name, cause, since }) => (
          <li key={name}>
            <strong>{name}</strong> is missing for {formatSpan(Math.max(0, nowMs - since))}: {cause}
          </li>
        ))}
      </ul>
    </>
  );
}

function choicesFor(unit: UnitView): readonly OrderChoice[] {
  const restart: OrderChoice = {
    label: 'Restart all',
    order: { kind: 'restart', unit: unit.unit, replica: undefined },
    consequence: `Replaces every replica of ${unit.unit}, one after the other, each verified before the next.`,
  };
  const resume: OrderChoice = {
    label: 'Try again',
    order: { kind: 'resume', unit: unit.unit },
    consequence: `Lets ${unit.unit} start again although it kept failing. The healer watches it as before.`,
  };
  return unit.state === 'held' ? [resume, restart] : [restart];
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <>–</>;
  return (
    <span class="names">
      {names.map((name) => (
        <a key={name} href={printAddress({ kind: 'unit', unit: name })}>
          <Identity unit={name} />
        </a>
      ))}
    </span>
  );
}
