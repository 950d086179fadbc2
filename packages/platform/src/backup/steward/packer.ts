// What is laid into the store beside each backup of a database: the house (declaration, programs, journal). Which files that are, the room
// of the command line knows; here is only when.
import type { SystemSpec } from '@hale/model';

export interface HousePacker {
  /** Packs the house into the store of `database`. */
  take(system: SystemSpec, database: string): Promise<void>;
  /** Takes away copies that are older than `keepMs`; never the newest. */
  prune(system: SystemSpec, database: string, keepMs: number): Promise<void>;
}
