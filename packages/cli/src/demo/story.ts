// What is broken, told to somebody who sees Hale for the first time: one short sentence each.
import type { DrillAction } from '@hale/drill';

export function announce(action: DrillAction): string {
  switch (action.kind) {
    case 'kill':
      return action.replica.startsWith('gateway/')
        ? `${action.replica}, one of the doors to the shop, is killed in the middle of its work.`
        : `${action.replica} is killed: SIGKILL, no goodbye.`;
    case 'exit':
      return `${action.replica} walks out with exit code ${action.code}.`;
    case 'stop':
      return `${action.replica} is frozen (SIGSTOP): it is there, and does nothing.`;
    case 'block':
      return `${action.replica} is caught in while(true): it runs, and answers nobody.`;
    case 'kill-every':
      return `Every replica of ${action.unit} is killed at once.`;
    case 'kill-control':
      return 'Hale itself is hit: its control room is killed. Nobody else should notice.';
    case 'kill-keeper':
      return 'The keeper, parent of every process here, is killed.';
    case 'crash-loop':
      return `${action.replica} crashes, and so will each new one for a while.`;
    case 'slow-start':
      return `${action.replica} is killed, and new ones will not get ready for a while.`;
    case 'bad-probe':
      return `The probes of ${action.unit === 'all' ? 'every service' : action.unit} begin to lie. Nothing is wrong.`;
    case 'strike-primary': {
      const whom = `The primary of ${action.unit}${action.standbyToo ? ' and one of its standbys' : ''}`;
      return action.how === 'stop' ? `${whom} is frozen (SIGSTOP).` : `${whom}: SIGKILL, in the middle of their work.`;
    }
    case 'restart':
      return `Somebody asks for a restart of ${action.unit}, in the middle of the day.`;
  }
}
