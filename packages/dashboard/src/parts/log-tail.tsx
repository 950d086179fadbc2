// The last lines that a replica wrote, asked for every few seconds while somebody looks. Secrets are masked where the
// log is served, not here.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, getLogs } from '../wire/api.ts';
import { Trouble } from './trouble.tsx';

const tailLines = 200;
const everyMs = 2_000;

export function LogTail({ replica }: { replica: string }) {
  const [answer, setAnswer] = useState<Answer<readonly string[]>>();
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const next = document.hidden ? undefined : await getLogs(replica, tailLines);
      if (stopped) return;
      if (next !== undefined) setAnswer(next);
      timer = setTimeout(look, everyMs);
    };
    setAnswer(undefined);
    void look();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [replica]);
  const text = answer?.ok ? answer.value.join('\n') : '';
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  if (answer === undefined) return <p class="empty">Reading the log…</p>;
  if (!answer.ok) return <Trouble trouble={answer.trouble} />;
  if (text === '') return <p class="empty">It has written nothing yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
    <pre class="log" ref={box} tabIndex={0}>
      {text}
    </pre>
  );
}
