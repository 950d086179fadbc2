// One line of a table: ours beside a peer's, measured in the same run on the same machine. Where no peer does the thing at
// all, or our own aim is the measure, there is no ratio: a ratio to somebody else's machine is not printed.

export interface Row {
  readonly case: string;
  readonly metric: string;
  /** Left out where only peers were run. */
  readonly hale?: number;
  readonly unit: string;
  /** Measured in the same run. */
  readonly peer?: number;
  readonly peerName?: string;
  /** Above 1 is better for us, whichever way the metric points. */
  readonly ratio?: number;
}

/** The rows as columns for people. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ['case', 'metric', 'hale', 'unit', 'peer', 'peer is', 'ratio'],
    ...rows.map((row) => [
      row.case,
      row.metric,
      row.hale === undefined ? '' : figure(row.hale),
      row.unit,
      row.peer === undefined ? '' : figure(row.peer),
      row.peerName ?? '',
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function figure(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
