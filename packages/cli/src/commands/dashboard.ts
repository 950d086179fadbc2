// `hale dashboard`: prints the address that opens the dashboard, token and all. It opens no browser.
import { cliError, exitCodes } from '../errors.ts';
import { requireRunning } from '../system/running.ts';
import { dashboardUrl } from './addresses.ts';
import type { CommandEntry } from './entry.ts';

export const dashboardCommand: CommandEntry = {
  usage: 'dashboard',
  summary: 'print the address of the dashboard',
  group: 'Look',
  async run(call) {
    const system = await requireRunning(call.folder);
    const url = dashboardUrl(system);
    if (url === undefined) throw cliError('HALE_CLI_CONTROL_AWAY', 'the control room has no address yet');
    if (call.json) call.host.terminal.json({ url });
    else call.host.terminal.line(url);
    return exitCodes.ok;
  },
};
