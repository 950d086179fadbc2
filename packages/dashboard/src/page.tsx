// The whole page: masthead, graph, incidents, replicas, the feed beside them, and the panel of whatever the address names.
import type { ReplicaView, SystemView } from '@hale/model';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Feed } from './parts/feed.tsx';
import { Hues } from './parts/identity.tsx';
import { IncidentList } from './parts/incident-list.tsx';
import { IncidentPanel } from './parts/incident-panel.tsx';
import { Masthead } from './parts/masthead.tsx';
import { ReplicaPanel } from './parts/replica-panel.tsx';
import { ReplicaTable } from './parts/replica-table.tsx';
import { SidePanel } from './parts/side-panel.tsx';
import { SystemGraph } from './parts/system-graph.tsx';
import { UnitPanel } from './parts/unit-panel.tsx';
import { parseAddress, type Subject } from './story/address.ts';
import { hueOf } from './story/colour.ts';
import { isFresh, type Story } from './story/story.ts';

export function Page({ story }: { story: Story }) {
  const { view } = story;
  const subject = useSubject();
  const names = view?.units.map((unit) => unit.unit).join('\n') ?? '';
  const hues = useMemo(() => hueOf(names === '' ? [] : names.split('\n')), [names]);
  useEffect(() => {
    document.title = view === undefined ? 'Hale' : `${view.system}: ${view.state}`;
  }, [view?.system, view?.state]);
  return (
    <Hues.Provider value={hues}>
      <Masthead story={story} />
      {view !== undefined && story.link === 'locked' && (
        <div class="banner" role="alert">
          <HowToGetIn />
        </div>
      )}
      {view?.trouble !== undefined && (
        <p class="banner" role="alert">
          Hale cannot act: {view.trouble}. What is shown is what it last knew.
        </p>
      )}
      {view === undefined ? <BeforeFirstView story={story} /> : <Floor story={story} view={view} />}
      {view !== undefined && <Panel subject={subject} story={story} view={view} />}
    </Hues.Provider>
  );
}

function Floor({ story, view }: { story: Story; view: SystemView }) {
  const open = view.incidents.filter((incident) => incident.closedAt === undefined).length;
  return (
    <main class={isFresh(story) ? 'floor' : 'floor stale'}>
      <section class="system" aria-label="System">
        {view.units.length === 0 ? (
          <p class="empty">
            Nothing is declared to run. Add a service to <code>hale.config.ts</code>, then run <code>hale up</code>.
          </p>
        ) : (
          <SystemGraph view={view} traffic={story.traffic} />
        )}
      </section>
      <div class="column">
        <section class="card" aria-labelledby="incidents">
          <h2 id="incidents">Incidents {open > 0 && <span class="open-count">{open} open</span>}</h2>
          <IncidentList incidents={view.incidents} candidate={candidateOf(view)} />
        </section>
        <section class="card" aria-labelledby="replicas">
          <ReplicaTable replicas={view.replicas} />
        </section>
      </div>
      <section class="feed" aria-labelledby="feed">
        <h2 id="feed">What the healer did</h2>
        <Feed lines={story.feed} />
      </section>
    </main>
  );
}

function Panel({ subject, story, view }: { subject: Subject; story: Story; view: SystemView }) {
  switch (subject.kind) {
    case 'none':
      return null;
    case 'incident':
      return <IncidentPanel id={subject.incident} known={view.incidents.find((one) => one.id === subject.incident)} />;
    case 'unit': {
      const unit = view.units.find((one) => one.unit === subject.unit);
      if (unit === undefined) return <Gone kind="unit" name={subject.unit} />;
      return <UnitPanel unit={unit} view={view} traffic={story.traffic} />;
    }
    case 'replica': {
      const replica = view.replicas.find((one) => one.replica === subject.replica);
      if (replica === undefined) return <Gone kind="replica" name={subject.replica} />;
      return <ReplicaPanel replica={replica} incidents={view.incidents} now={view.at} />;
    }
  }
}

function Gone({ kind, name }: { kind: string; name: string }) {
  return (
    <SidePanel kind={kind} subject={name} title={name}>
      <p class="empty">
        There is no {kind} of this name any more. It may have been scaled away or renamed in a newer release.
      </p>
    </SidePanel>
  );
}

function BeforeFirstView({ story }: { story: Story }) {
  if (story.link === 'locked')
    return (
      <main class="alone">
        <h2>This page needs its token</h2>
        <HowToGetIn />
      </main>
    );
  if (story.link === 'lost')
    return (
      <main class="alone">
        <h2>The control room does not answer</h2>
        <p>
          Workloads and traffic go on without it. If the system is meant to be up, run <code>hale status</code>; to
          start it, <code>hale up</code>. This page keeps trying.
        </p>
      </main>
    );
  return (
    <main class="alone">
      <p class="quiet-text">Listening for the control room…</p>
    </main>
  );
}

function HowToGetIn() {
  return (
    <p>
      Only those with the token may look at a system or touch it. Run <code>hale dashboard</code> in the system's folder
      and open the address that it prints: it carries the token once, and this browser then keeps it as a cookie.
    </p>
  );
}

/** A replica whose loss costs nothing: a service's, with others serving beside it. */
function candidateOf(view: SystemView): ReplicaView | undefined {
  const safe = new Set(
    view.units.filter((unit) => unit.role === 'service' && unit.serving > 1).map((unit) => unit.unit),
  );
  return view.replicas.find((replica) => replica.phase === 'serving' && safe.has(replica.unit));
}

function useSubject(): Subject {
  const [subject, setSubject] = useState(() => parseAddress(location.hash));
  useEffect(() => {
    const follow = () => setSubject(parseAddress(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return subject;
}
