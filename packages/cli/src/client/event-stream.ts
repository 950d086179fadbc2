// Reads server-sent events off a byte stream: a small state machine over lines (WHATWG HTML, "event stream
// interpretation"). It keeps at most one event of bounded size in hand and gives up on a sender that breaks the bound.

export interface StreamEvent {
  readonly name: string;
  readonly data: string;
  /** Last id seen, for asking again from there. */
  readonly id: string | undefined;
}

const eventCharsMax = 8 * 1024 * 1024;

/** Yields each event as it completes; ends with the stream. Throws RangeError when one event is over the bound. */
export async function* readEventStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  let name = '';
  let data: string[] = [];
  let id: string | undefined;
  for await (const chunk of bytes) {
    pending += decoder.decode(chunk, { stream: true });
    if (pending.length > eventCharsMax) throw new RangeError(`an event is longer than ${eventCharsMax} characters`);
    const lines = pending.split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { name: name === '' ? 'message' : name, data: data.join('\n'), id };
        name = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') name = value;
      else if (field === 'data') data.push(value);
      else if (field === 'id') id = value;
    }
  }
}
