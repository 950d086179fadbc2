// `hale doctor`: looks at the machine the way a mechanic looks at a car before a journey: each thing that Hale leans
// on, ok or not, and what to do about it. It changes nothing. Exit 1 when something would stop Hale from working.
import { exitCodes } from '../errors.ts';
import { examine, type Finding } from '../system/health-check.ts';
import { padEnd, wrapText } from '../terminal/paint.ts';
import type { CommandEntry } from './entry.ts';

export const doctorCommand: CommandEntry = {
  usage: 'doctor',
  summary: 'is this machine fit for Hale? what is missing, and what to do',
  group: 'Set up',
  async run({ host: { terminal, env }, folder, json }) {
    const findings = await examine(folder, env);
    const failed = findings.some((finding) => finding.verdict === 'fail');
    if (json) terminal.json({ fit: !failed, findings });
    else for (const finding of findings) for (const line of render(finding)) terminal.line(line);
    return failed ? exitCodes.failure : exitCodes.ok;

    function render({ verdict, what, found, hint }: Finding): string[] {
      const { paint } = terminal;
      const word = { ok: paint.good('✓ ok  '), warn: paint.busy('▲ warn'), fail: paint.bad('✗ fail') }[verdict];
      const width = (terminal.size().columns ?? 100) - 10;
      const advice =
        hint === undefined
          ? []
          : wrapText(`${' '.repeat(8)}${paint.faint('→')} ${hint}`, width, ' '.repeat(10)).split('\n');
      return [
        `${word}  ${padEnd(what, 18)}  ${found}`,
        ...(verdict === 'ok' ? [] : advice.map((line, index) => (index === 0 ? `        ${line.trim()}` : line))),
      ];
    }
  },
};
