// A plan as lines: first what would be started, replaced and stopped, then what callers of each API would notice. Pure.
import type { Plan } from '../plan/plan.ts';
import { renderDifference } from './difference-picture.ts';
import type { Style } from './words.ts';

export function renderPlan(plan: Plan, style: Style): string[] {
  const { paint } = style;
  const lines =
    plan.difference === undefined
      ? [`${paint.good('+')} nothing was started here yet: hale up starts everything`]
      : renderDifference(plan.difference, style);
  for (const { service, callers, changes, silent } of plan.apis) {
    const users = callers.length === 0 ? '' : paint.faint(` (used by ${callers.join(', ')})`);
    if (silent !== undefined) lines.push(paint.faint(`  the API of ${service} cannot be compared: ${silent}`));
    else if (changes.length === 0) lines.push(paint.faint(`  the API of ${service} is the same`));
    else lines.push(`  the API of ${paint.strong(service)}${users}`);
    for (const { breaking, operation, message } of changes)
      lines.push(`    ${breaking ? paint.bad('breaks') : paint.good('adds  ')} ${operation}: ${message}`);
  }
  return lines;
}
