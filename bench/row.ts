// One line of a table: ours beside a peer's, measured in the same run on the same machine.

export interface Row {
  readonly case: string;
  readonly metric: string;
  readonly hale: number;
  readonly peer: number;
  readonly peerName: string;
  /** Above 1 is better for us, whichever way the metric points. */
  readonly ratio: number;
  readonly unit: string;
}

/** The rows as columns for people. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ['case', 'metric', 'hale', 'peer', 'peer is', 'ratio', 'unit'],
    ...rows.map((row) => [
      row.case,
      row.metric,
      figure(row.hale),
      figure(row.peer),
      row.peerName,
      row.ratio.toFixed(2),
      row.unit,
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')).join('\n');
}

function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}
