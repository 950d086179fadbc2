// Columns that line up. Widths come from the content; the last column takes what the screen has left and is cut,
// so that a table never wraps. It knows nothing of what stands in the cells.
import { cut, padEnd, padStart, widthOf } from './paint.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
}

export interface TableOptions {
  /** Columns of the screen; undefined: as wide as it needs to be. */
  readonly width: number | undefined;
  readonly heading: (text: string) => string;
}

/** Lines of a table, heading first. An empty list of rows gives the heading alone. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions,
): string[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => widthOf(line[index] ?? ''))),
  );
  const layOut = (line: readonly string[]) => {
    const placed = line.map((cell, index) => {
      const width = widths[index] ?? 0;
      if (columns[index]?.align === 'right') return padStart(cell, width);
      return index === line.length - 1 ? cell : padEnd(cell, width);
    });
    const text = placed.join('  ').trimEnd();
    return options.width === undefined ? text : cut(text, options.width);
  };
  return [options.heading(layOut(columns.map((column) => column.title))), ...cells.map(layOut)];
}
