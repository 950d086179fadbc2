// Small signs that say a state by shape, so that nobody needs to tell green from red: a full disc serves, a ring waits, a
// triangle is sick, an open gate drains, a bar is held. Always next to a word, or named for a screen reader by its owner.
import type { NoteKind, ReplicaPhase, UnitRole, UnitView } from '@hale/model';
import type { ComponentChildren } from 'preact';

const phaseShapes: Readonly<Record<ReplicaPhase, ComponentChildren>> = {
  serving: <circle cx="8" cy="8" r="5.5" fill="currentColor" />,
  waiting: <circle cx="8" cy="8" r="5" class="stroke" stroke-dasharray="2.2 2.6" />,
  starting: (
    <>
      <circle cx="8" cy="8" r="5" class="stroke faint" />
      <path d="M8 3a5 5 0 0 1 5 5" class="stroke spin" />
    </>
  ),
  sick: <path d="M8 2 15 14H1Z" fill="currentColor" />,
  draining: <path d="M3 8a5 5 0 0 0 10 0M8 2v7M5.5 6.5 8 9l2.5-2.5" class="stroke" />,
  stopping: <path d="M4 4h8v8H4Z" class="stroke" stroke-dasharray="2.4 2" />,
  stopped: <path d="M4 4h8v8H4Z" class="stroke" />,
  held: <path d="M5 2.5h6L14.5 8 11 13.5H5L1.5 8ZM5.5 7.2h5v1.6h-5Z" fill="currentColor" fill-rule="evenodd" />,
};

const unitShapes: Readonly<Record<UnitView['state'] | 'degraded' | 'stopping', ReplicaPhase>> = {
  healthy: 'serving',
  healing: 'sick',
  degraded: 'sick',
  starting: 'starting',
  down: 'sick',
  held: 'held',
  stopping: 'stopping',
  stopped: 'stopped',
};

/** The sign of a replica's phase. */
export function PhaseGlyph({ phase }: { phase: ReplicaPhase }) {
  return (
    <svg class={`glyph phase-${phase}`} viewBox="0 0 16 16" aria-hidden="true">
      {phaseShapes[phase]}
    </svg>
  );
}

/** The sign of a unit's or the system's state. */
export function StateGlyph({ state }: { state: UnitView['state'] | 'degraded' | 'stopping' }) {
  return (
    <svg class={`glyph state-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      {phaseShapes[unitShapes[state]]}
    </svg>
  );
}

const noteShapes: Readonly<Record<NoteKind, ComponentChildren>> = {
  suspected: <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4" />,
  condemned: <path d="M4 4l8 8M12 4l-8 8" />,
  isolated: <path d="M2 8h4M10 8h4M6.5 4.5v7M9.5 4.5v7" />,
  acted: <path d="M9 1.5 4 9h4l-1 5.5L12 7H8Z" />,
  verified: <path d="M2.5 8.5 6.5 12.5 13.5 4" />,
  refused: <path d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6" />,
  escalated: <path d="M3.5 11.5V8a4.5 4.5 0 0 1 9 0v3.5M2 11.5h12M7 14h2" />,
  opened: <path d="M8 3v6M8 12v.6" />,
  closed: <path d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M5.5 8.2 7.3 10l3.2-4" />,
  started: <path d="M5 3.5v9L12.5 8Z" />,
  info: <path d="M8 7v5M8 4v.6" />,
};

/** The sign of a feed line. */
export function NoteGlyph({ kind }: { kind: NoteKind }) {
  return (
    <svg class="glyph note" viewBox="0 0 16 16" aria-hidden="true">
      <g class="stroke">{noteShapes[kind]}</g>
    </svg>
  );
}

const roleShapes: Readonly<Record<UnitRole, ComponentChildren>> = {
  service: null,
  gateway: <path d="M2.5 14V7a5.5 5.5 0 0 1 11 0v7M6 14V8.5a2 2 0 0 1 4 0V14M1 14h14" class="stroke" />,
  postgres: (
    <path
      d="M3 4c0-1.2 2.2-2 5-2s5 .8 5 2-2.2 2-5 2-5-.8-5-2v8c0 1.2 2.2 2 5 2s5-.8 5-2V4M3 8c0 1.2 2.2 2 5 2s5-.8 5-2"
      class="stroke"
    />
  ),
  // A fork in the road.
  relay: <path d="M1 8h6M7 8l5-4.5M7 8l5 4.5M9.5 3.2l3-.2-.3 3M9.5 12.8l3 .2-.3-3" class="stroke" />,
  // A chest into which something is laid.
  backup: <path d="M2 7v7h12V7M5.5 10.5h5M8 1.5v5M5.8 4.6 8 6.8l2.2-2.2" class="stroke" />,
};

/** What kind of unit it is; nothing for a plain service. */
export function RoleGlyph({ role }: { role: UnitRole }) {
  const shape = roleShapes[role];
  if (shape === null) return null;
  return (
    <svg class="glyph role" viewBox="0 0 16 16" role="img" aria-label={role}>
      {shape}
    </svg>
  );
}
