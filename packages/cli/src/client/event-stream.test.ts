// The stream is cut into chunks at the worst places; the events must come out whole.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEventStream, type StreamEvent } from './event-stream.ts';

async function read(text: string, chunkSize: number): Promise<StreamEvent[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let i = 0; i < bytes.length; i += chunkSize) yield bytes.slice(i, i + chunkSize);
  }
  const events: StreamEvent[] = [];
  for await (const event of readEventStream(chunks())) events.push(event);
  return events;
}

const cases: { title: string; text: string; events: StreamEvent[] }[] = [
  {
    title: 'a named event',
    text: 'event: view\ndata: {"a":1}\n\n',
    events: [{ name: 'view', data: '{"a":1}', id: undefined }],
  },
  { title: 'no name means message', text: 'data: x\n\n', events: [{ name: 'message', data: 'x', id: undefined }] },
  {
    title: 'lines of data are joined',
    text: 'data: x\ndata: y\n\n',
    events: [{ name: 'message', data: 'x\ny', id: undefined }],
  },
  {
    title: 'comments are passed over',
    text: ': keep-alive\n\nid: 7\ndata: x\n\n',
    events: [{ name: 'message', data: 'x', id: '7' }],
  },
  {
    title: 'carriage returns count as ends',
    text: 'data: é€\r\n\r\n',
    events: [{ name: 'message', data: 'é€', id: undefined }],
  },
  { title: 'an unfinished event is not told', text: 'data: x\n', events: [] },
];

describe('readEventStream', () => {
  for (const { title, text, events } of cases) {
    it(title, async () => {
      for (const chunkSize of [1, 2, 7, 1000])
        assert.deepEqual(await read(text, chunkSize), events, `chunks of ${chunkSize}`);
    });
  }
});
