// Numbers and times as a person reads them on a page: short, aligned, never more digits than mean something.
// What nobody measured is a dash, which is not the same as zero.

const dash = '–';

/** 52428800 -> '52 MB'. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return dash;
  if (bytes < 1e3) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${Math.round(bytes / 1e6)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** 0.134 of one core -> '13 %'. */
export function formatRatio(ratio: number | undefined): string {
  if (ratio === undefined) return dash;
  return `${ratio > 0 && ratio < 0.0095 ? (ratio * 100).toFixed(1) : Math.round(ratio * 100)} %`;
}

/** 1234 -> '1,234'; 1234567 -> '1.23 M'. */
export function formatCount(count: number | undefined): string {
  if (count === undefined) return dash;
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} G`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`;
  return Math.round(count).toLocaleString('en-US');
}

/** Requests per second: '0', '0.4', '12', '1,020'. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined) return dash;
  if (perSecond > 0 && perSecond < 9.95) return perSecond.toFixed(1).replace(/\.0$/, '');
  return formatCount(perSecond);
}

/** A span for people: '340 ms', '1.2 s', '14 s', '3 min', '2 h 5 min', '4 d'. */
export function formatSpan(ms: number | undefined): string {
  if (ms === undefined) return dash;
  if (ms < 0) return '0 ms';
  if (ms < 1000) return `${ms < 10 && ms > 0 ? ms.toFixed(1).replace(/\.0$/, '') : Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  return `${Math.floor(minutes / 1440)} d`;
}

/** Unix ms as the viewer's clock shows it: '14:03:09'. */
export function formatClock(wall: number): string {
  const time = new Date(wall);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A moment seen from another: the clock, and the day before it where that is not today. */
export function formatMoment(wall: number, nowWall: number): string {
  const day = (time: number) => new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return day(wall) === day(nowWall) ? formatClock(wall) : `${day(wall)}, ${formatClock(wall)}`;
}

/** 'blocked-loop' -> 'blocked loop'. */
export function formatWord(word: string): string {
  return word.replaceAll('-', ' ');
}

/** 1, 'replica' -> '1 replica'; 2 -> '2 replicas'. */
export function formatMany(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
