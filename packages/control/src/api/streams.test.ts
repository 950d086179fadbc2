// The balcony: who watches gets the picture, the story from where it left off, and traffic; who does not drink is shown out.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import type { FeedLine, TrafficView } from '@hale/model';
import { createStreams } from './streams.ts';

class FakeResponse extends EventEmitter {
  text = '';
  writableLength = 0;
  destroyed = false;
  drinks = true;
  write(text: string): void {
    this.text += text;
    if (!this.drinks) this.writableLength += text.length;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

const lineAt = (seq: number) => ({ seq, text: `line ${seq}` }) as unknown as FeedLine;

function openBench(told = 0) {
  const clock = createVirtualClock();
  let lines = Array.from({ length: told }, (_, index) => lineAt(index + 1));
  let requests = 0;
  const feed = () => ({
    lines: (seq: number | undefined, limit: number) =>
      seq === undefined ? lines.slice(-limit) : lines.filter((line) => line.seq > seq).slice(0, limit),
    entries: () => [],
    close() {},
  });
  const traffic = () => ({ requests, perUnit: {} }) as unknown as TrafficView;
  const streams = createStreams({ clock, feed, traffic });
  const watch = (afterSeq?: number) => {
    const response = new FakeResponse();
    streams.add(response as unknown as ServerResponse, { view: '{"n":0}', afterSeq });
    return response;
  };
  const tell = (seq: number) => {
    lines = [...lines, lineAt(seq)];
    streams.view('{"n":1}', seq);
  };
  return { clock, streams, watch, tell, serve: () => void requests++ };
}

const idsIn = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

describe('streams', () => {
  it('a newcomer gets the picture and what is new from now on', () => {
    const bench = openBench(3);
    const watcher = bench.watch();
    assert.match(watcher.text, /event: view\ndata: {"n":0}/);
    bench.tell(4);
    assert.deepEqual(idsIn(watcher.text), [4]);
  });

  it('who comes back gets what it missed, once', () => {
    const bench = openBench(5);
    const watcher = bench.watch(2);
    bench.tell(6);
    assert.deepEqual(idsIn(watcher.text), [3, 4, 5, 6]);
  });

  it('a sign of life every 10 s, traffic when it changed', () => {
    const bench = openBench();
    const watcher = bench.watch();
    const trafficIn = () => watcher.text.split('event: traffic').length - 1;
    bench.clock.advance(10_000);
    assert.ok(watcher.text.includes(': here'));
    const before = trafficIn();
    bench.serve();
    bench.clock.advance(3000);
    assert.equal(trafficIn(), before + 1);
  });

  it('INV-09: who does not drink is shown out, and the others stay', () => {
    const bench = openBench();
    const slow = bench.watch();
    const quick = bench.watch();
    slow.drinks = false;
    for (let i = 0; i < 60; i++) bench.streams.view(JSON.stringify('x'.repeat(20_000)), 0);
    assert.deepEqual([slow.destroyed, quick.destroyed, bench.streams.size], [true, false, 1]);
  });

  it('INV-09: only so many watch', () => {
    const bench = openBench();
    const watchers = Array.from({ length: 32 }, () => bench.watch());
    assert.equal(bench.streams.isFull, true);
    watchers[0]?.emit('close');
    assert.equal(bench.streams.isFull, false);
  });

  it('nobody watching costs nothing', () => {
    const bench = openBench();
    const watcher = bench.watch();
    watcher.emit('close');
    const { text } = watcher;
    bench.serve();
    bench.clock.advance(60_000);
    assert.equal(watcher.text, text);
  });
});
