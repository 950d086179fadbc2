// The healer's diary, newest on top: what it saw, what it did, and why, each in one sentence, linked to its incident.
import type { FeedLine } from '@hale/model';
import { useState } from 'preact/hooks';
import { printAddress } from '../story/address.ts';
import { formatClock, formatMany } from '../story/format.ts';
import { NoteGlyph } from './glyph.tsx';
import { Identity } from './identity.tsx';
import { steady } from './steady.ts';

const firstLines = 60;

export const Feed = steady(({ lines }: { lines: readonly FeedLine[] }) => {
  const [all, setAll] = useState(false);
  const shown = all ? lines : lines.slice(0, firstLines);
  if (lines.length === 0)
    return (
      <p class="empty">
        Nothing has happened yet. Whatever the healer sees, does, or refuses to do is written here in one sentence, with
        its reason.
      </p>
    );
  return (
    <>
      <ol class="feed-lines">
        {shown.map((line) => (
          <Line key={line.seq} line={line} />
        ))}
      </ol>
      {shown.length < lines.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          Show {formatMany(lines.length - shown.length, 'older line')}
        </button>
      )}
    </>
  );
});

const Line = steady(({ line }: { line: FeedLine }) => {
  const subject = line.replica ?? line.unit;
  return (
    <li class={`feed-line note-${line.kind}`}>
      <span class="note-sign" title={line.kind}>
        <NoteGlyph kind={line.kind} />
      </span>
      <div>
        <p class="note-head">
          <time dateTime={new Date(line.at.wall).toISOString()}>{formatClock(line.at.wall)}</time>
          <span class="note-kind">{line.kind}</span>
          {subject !== undefined && (
            <a
              href={printAddress(
                line.replica === undefined
                  ? { kind: 'unit', unit: subject }
                  : { kind: 'replica', replica: line.replica },
              )}
            >
              <Identity unit={line.unit ?? subject} name={subject} />
            </a>
          )}
        </p>
        <p class="note-text">
          {line.incident === undefined ? (
            line.text
          ) : (
            <a href={printAddress({ kind: 'incident', incident: line.incident })} title="Open the incident">
              {line.text}
            </a>
          )}
        </p>
      </div>
    </li>
  );
});
