// The process that the keeper runs for the unit `backup`: it takes, proves and watches the backups of all databases, and packs the house
// beside each. The packing is loaded only when it is due: a process that lives for months should weigh little.
//
//   node backup-main.ts --root <folder of the declaration> --release <n> --ordinal 0
import { createSystemClock } from '@hale/base';
import { pruneHouse, runSteward } from '@hale/platform/postgres';

const clock = createSystemClock();
const { env } = process;

runSteward({
  argv: process.argv.slice(2),
  packer: {
    async take(spec, database) {
      const { takeHouseOf } = await import('./recovery/house.ts');
      await takeHouseOf({ clock, env }, { spec, database, config: undefined });
    },
    async prune(spec, database, keepMs) {
      const { openHouseOf } = await import('./recovery/house.ts');
      await pruneHouse((await openHouseOf(spec, database, env)).vault, clock, keepMs);
    },
  },
});
