// Does each database have a server that can run its data? A `bin` without PostgreSQL, or of another major version than the data, is
// a line on the screen while everything still runs, and not a database that was stopped and does not come back.
import { isHaleError, type Problem } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { assertServerFits } from '@hale/platform/postgres';

export async function checkServers({ resources, root }: SystemSpec): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const resource of Object.values(resources)) {
    try {
      await assertServerFits(root, resource);
    } catch (error) {
      if (!isHaleError(error)) throw error;
      const path = `resources.${resource.name}${resource.bin === undefined ? '' : '.bin'}`;
      problems.push({ severity: 'error', path, message: `${error.code}: ${error.message}`, hint: error.hint });
    }
  }
  return problems;
}
