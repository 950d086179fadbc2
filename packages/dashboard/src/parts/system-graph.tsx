// The picture of the system: every unit a room with its replicas inside, arrows for who uses whom, and a slow march of
// dashes along an arrow while requests flow to where it points. Rooms and replicas are links that open the side panel.
import type { IncidentView, ReplicaView, SystemView, TrafficView, UnitView } from '@hale/model';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { edgesOf } from '../graph/edges.ts';
import type { Arrow } from '../graph/layout.ts';
import { dotsOnly, drawRooms, flowDensity } from '../graph/room-size.ts';
import { printAddress } from '../story/address.ts';
import { formatRate, formatSpan, formatWord } from '../story/format.ts';
import { PhaseGlyph, RoleGlyph, StateGlyph } from './glyph.tsx';
import { useHue } from './identity.tsx';
import { useMarch } from './march.ts';
import { steady } from './steady.ts';

export function SystemGraph({ view, traffic }: { view: SystemView; traffic: TrafficView | undefined }) {
  const wall = useRef<HTMLDivElement>(null);
  const { floor, own } = useWidths(wall);
  const shape = view.units.map((unit) =>
    [unit.unit, unit.role, unit.uses.join(), replicasOf(view, unit.unit).length].join(),
  );
  const picture = useMemo(() => {
    const counts = new Map(view.units.map((unit) => [unit.unit, replicasOf(view, unit.unit).length]));
    const edges = edgesOf(view.units);
    const across = drawRooms(counts, edges, floor);
    return across.flow === 'right' ? across : drawRooms(counts, edges, own);
  }, [shape.join(';'), floor, own]);
  const road = useRef<SVGSVGElement>(null);
  useMarch(
    road,
    Object.values(traffic?.perUnit ?? {}).some((flow) => flowDensity(flow.rps) !== undefined),
  );
  // Rooms stay in the order of the view wherever the layout puts them: an element that is moved in the page loses the focus.
  const boxes = new Map(picture.boxes.map((box) => [box.id, box]));
  return (
    <div class={`graph flow-${picture.flow}`} ref={wall} style={{ height: `${picture.height}px` }}>
      <svg class="arrows" ref={road} width={picture.width} height={picture.height} aria-hidden="true">
        <defs>
          <marker id="arrowhead" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M1 1 7 4 1 7" />
          </marker>
        </defs>
        {picture.arrows.map((arrow) => (
          <Flow
            key={`${arrow.edge.from}>${arrow.edge.to}`}
            arrow={arrow}
            rps={traffic?.perUnit[arrow.edge.to]?.rps ?? 0}
            isMissed={isMissed(view, arrow.edge)}
          />
        ))}
      </svg>
      <ul class="rooms">
        {view.units.map((unit) => {
          const box = boxes.get(unit.unit);
          if (box === undefined) return null;
          return (
            <li
              key={box.id}
              style={{ left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` }}
            >
              <Room
                unit={unit}
                replicas={replicasOf(view, box.id)}
                flow={traffic?.perUnit[box.id]}
                incident={view.incidents.find((one) => one.unit === box.id && one.closedAt === undefined)}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** The user answers by a fallback because the used one is missing to it. */
function isMissed({ units }: SystemView, { from, to }: Arrow['edge']): boolean {
  return units.some((unit) => unit.unit === from && unit.degraded?.some((notice) => notice.name === to) === true);
}

const Flow = steady(({ arrow, rps, isMissed }: { arrow: Arrow; rps: number; isMissed: boolean }) => {
  const hue = useHue(arrow.edge.to);
  const density = flowDensity(rps);
  return (
    <g style={hue} class={isMissed ? 'arrow is-missed' : 'arrow'}>
      <path d={arrow.path} class="road" marker-end="url(#arrowhead)" />
      {density !== undefined && <path d={arrow.path} class={`march march-${density}`} />}
    </g>
  );
});

interface RoomProps {
  unit: UnitView;
  replicas: readonly ReplicaView[];
  flow: TrafficView['perUnit'][string] | undefined;
  incident: IncidentView | undefined;
}

function Room({ unit, replicas, flow, incident }: RoomProps) {
  const hue = useHue(unit.unit);
  return (
    <section class={`room role-${unit.role} is-${unit.state}`} style={hue} aria-label={unit.unit}>
      <a class="room-name" href={printAddress({ kind: 'unit', unit: unit.unit })} title={unit.why}>
        <RoleGlyph role={unit.role} />
        <strong>{unit.unit}</strong>
        <span class={`room-state state-${unit.state}`}>
          <StateGlyph state={unit.state} />
          <span class="word">{unit.state}</span>
        </span>
      </a>
      {incident === undefined ? (
        <p class="room-facts">
          <span title={`${unit.serving} of ${unit.wanted} serve`}>
            {unit.serving}/{unit.wanted}
          </span>
          {flow !== undefined && (
            <>
              <span>{formatRate(flow.rps)}/s</span>
              <span class="word">p99 {formatSpan(flow.p99Ms)}</span>
            </>
          )}
        </p>
      ) : (
        <p class="room-facts">
          <span>
            {unit.serving}/{unit.wanted}
          </span>
          <a
            class="room-incident"
            href={printAddress({ kind: 'incident', incident: incident.id })}
            title={incident.title}
          >
            {formatWord(incident.cause)} ›
          </a>
        </p>
      )}
      <ul class={dotsOnly(replicas.length) ? 'replicas dots' : 'replicas'}>
        {replicas.map((replica) => (
          <li key={replica.replica}>
            <Pill replica={replica} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const Pill = steady(({ replica }: { replica: ReplicaView }) => {
  const says = `${replica.replica}: ${replica.phase}, rotation ${replica.rotation}. ${replica.why}`;
  return (
    <a
      class={`pill phase-${replica.phase} rotation-${replica.rotation}`}
      href={printAddress({ kind: 'replica', replica: replica.replica })}
      title={says}
      aria-label={says}
    >
      <PhaseGlyph phase={replica.phase} />
      <span class="ordinal">{replica.replica.slice(replica.replica.lastIndexOf('/') + 1)}</span>
      {replica.phase !== 'serving' && <span class="phase-word">{replica.phase}</span>}
    </a>
  );
});

function replicasOf(view: SystemView, unit: string): readonly ReplicaView[] {
  return view.replicas.filter((replica) => replica.unit === unit);
}

/**
 * The widths of the page's floor and of the graph's own wall, followed as the window changes. Which way the graph reads is
 * decided by the floor: its own wall is narrower just because it read downwards before.
 */
function useWidths(wall: { current: HTMLDivElement | null }): { floor: number; own: number } {
  const [widths, setWidths] = useState({ floor: 800, own: 800 });
  useLayoutEffect(() => {
    const element = wall.current;
    const floor = element?.closest('.floor');
    if (element === null || floor === null || floor === undefined) return;
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(floor);
      const inner = floor.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
      const next = { floor: inner, own: element.clientWidth };
      setWidths((before) => (before.floor === next.floor && before.own === next.own ? before : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(floor);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return widths;
}
