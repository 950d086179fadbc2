// @ts-check
// Asks a main thread that does not turn where it stands: V8 lets a debugger session of another thread interrupt running
// JavaScript. Native code and system calls cannot be interrupted; then that is said. The thread is always let go again.
// Where this Node has no such session (built without inspector, or too old) the answer says so.

// A starved machine takes its time; the verdict over a hang comes later still.
const waitMs = 1500;
const framesMax = 12;
const lengthMax = 2000;

/** @type {typeof import('node:inspector') | undefined} */
const inspector = await import('node:inspector').then(
  (found) => found.default ?? found,
  () => undefined,
);

/** @returns {Promise<string>} one frame a line, innermost first; or why there is none */
export function takeStack() {
  if (typeof inspector?.Session?.prototype.connectToMainThread !== 'function')
    return Promise.resolve('no stack: this Node has no inspector');
  const session = new inspector.Session();
  /** @type {Map<string, string>} Frames name their script by id alone. */
  const urls = new Map();
  return new Promise((resolve) => {
    /** @param {string} text */
    const end = (text) => {
      clearTimeout(timer);
      try {
        session.post('Debugger.resume');
        session.post('Debugger.disable');
        session.disconnect();
      } catch {
        // The session ended with the stall.
      }
      resolve(text);
    };
    const timer = setTimeout(end, waitMs, 'no stack: native code or system call');
    try {
      session.connectToMainThread();
      session.on('Debugger.scriptParsed', ({ params }) => void urls.set(params.scriptId, params.url));
      session.once('Debugger.paused', ({ params }) => end(format(params.callFrames, urls)));
      session.post('Debugger.enable');
      session.post('Debugger.pause');
    } catch {
      end('no stack: the inspector refused');
    }
  });
}

/**
 * @param {readonly { functionName: string, url: string, location: { scriptId: string, lineNumber: number } }[]} frames
 * @param {ReadonlyMap<string, string>} urls
 */
function format(frames, urls) {
  const lines = frames.slice(0, framesMax).map(({ functionName, url, location: { scriptId, lineNumber } }) => {
    const from = url || (urls.get(scriptId) ?? '(unknown)');
    return `${functionName || '(anonymous)'} ${from}:${lineNumber + 1}`;
  });
  return lines.join('\n').slice(0, lengthMax);
}
