// The rooms of a database, asked without it: how much its nodes have left on their disks, for whoever examines a machine (`hale doctor`). What a
// running node says of itself is the launcher's. Nodes that were never made have none.
import { nodesOf, type ReplicaId, replicaId, type SystemSpec } from '@hale/model';
import { homeOf } from './address.ts';
import { type DiskRoom, lookAtRoom } from './disk-room.ts';
import { nodePlace } from './node-place.ts';

export interface NodeRoom extends DiskRoom {
  readonly replica: ReplicaId;
}

/** Of each node of the database `name` whose data are there. Never throws. */
export async function roomsOf({ root, resources, regions }: SystemSpec, name: string): Promise<readonly NodeRoom[]> {
  const resource = resources[name];
  if (resource === undefined || resource.url !== undefined) return [];
  const home = homeOf(root, name);
  const rooms = Array.from({ length: nodesOf(resource, regions) }, async (_, ordinal) => {
    const room = await lookAtRoom(nodePlace(home, ordinal).pgdata);
    return { replica: replicaId(name, ordinal), ...room };
  });
  return (await Promise.all(rooms)).filter(({ word }) => word !== 'gone');
}
