// The top of the page: which system, how it is in one word, what flows through it, and whether this page still hears it.
import type { SystemView } from '@hale/model';
import { formatClock, formatCount, formatMany, formatRate } from '../story/format.ts';
import { isFresh, requestRate, type Story } from '../story/story.ts';
import { StateGlyph } from './glyph.tsx';
import { Spark } from './spark.tsx';

export function Masthead({ story }: { story: Story }) {
  const { view } = story;
  return (
    <header class={isFresh(story) || story.link === 'connecting' ? 'masthead' : 'masthead stale'}>
      <a class="skip" href="#feed">
        Skip to what the healer did
      </a>
      <div class="title">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" />
          <path d="M5 17h5l3-8 5 15 3.5-9 1.5 2H27" />
        </svg>
        <div>
          <h1>{view?.system ?? 'Hale'}</h1>
          {view !== undefined && <Facts view={view} />}
        </div>
        {view !== undefined && (
          <p class={`state-word state-${view.state}`} role="status">
            <StateGlyph state={view.state} />
            {view.state}
          </p>
        )}
      </div>
      {view !== undefined && <Figures story={story} budget={view.budget} />}
      <Wire story={story} />
    </header>
  );
}

function Figures({ story, budget }: { story: Story; budget: SystemView['budget'] }) {
  return (
    <dl class="figures">
      <div class="figure wide">
        <dt>requests/s</dt>
        <dd>
          {formatRate(requestRate(story))}
          <Spark samples={story.samples} />
        </dd>
      </div>
      <Figure
        name="failed"
        count={story.traffic?.failed}
        alarming
        title="Requests that got an error that was ours to avoid"
      />
      <Figure
        name="severed"
        count={story.traffic?.severed}
        alarming
        title="Cut by a killed gateway worker, or after the answer had begun: what no retry can save"
      />
      <Figure
        name="retried"
        count={story.traffic?.retried}
        title="Sent again to another replica; the caller saw nothing"
      />
      <Budget budget={budget} />
    </dl>
  );
}

function Facts({ view }: { view: SystemView }) {
  return (
    <p class="facts">
      <span>release {view.release}</span>
      {view.zones.length > 0 && (
        <span>
          {view.zones.length === 1 ? 'zone' : 'zones'} {view.zones.join(', ')}
          {view.zonesSimulated && (
            <em title="All zones are on this one host: losing the host loses them all"> simulated</em>
          )}
        </span>
      )}
    </p>
  );
}

function Figure(props: { name: string; count: number | undefined; title: string; alarming?: boolean }) {
  const alarm = props.alarming === true && (props.count ?? 0) > 0;
  return (
    <div class={alarm ? 'figure alarm' : 'figure'} title={props.title}>
      <dt>{props.name}</dt>
      <dd>{formatCount(props.count)}</dd>
    </div>
  );
}

function Budget({ budget }: { budget: SystemView['budget'] }) {
  return (
    <div
      class="figure"
      title={`Disturbances that the healer, rollouts, drills and people may cause together in ${formatMany(Math.round(budget.windowMs / 1000), 'second')}`}
    >
      <dt>budget used</dt>
      <dd>
        {budget.used}
        <small> of {budget.max}</small>
      </dd>
    </div>
  );
}

/** Whether the page still hears the control room, and since when not. */
function Wire({ story }: { story: Story }) {
  const heard = story.heardAt === undefined ? undefined : formatClock(story.heardAt);
  const words = {
    connecting: 'connecting',
    live: 'live',
    lost: heard === undefined ? 'reconnecting' : `reconnecting · last heard ${heard}`,
    locked: 'locked',
  } as const;
  return (
    <p class={`wire wire-${story.link}`} role="status" aria-live="polite">
      <span class="lamp" aria-hidden="true" />
      {words[story.link]}
    </p>
  );
}
