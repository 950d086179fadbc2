// The door for tests and benches of other rooms: a real PostgreSQL in a yard of its own.
export { openYard, type Yard } from './backup/backup-rig.ts';
export { buildHouse, caughtUp, type House, type Node } from './postgres/copy/house.ts';
export { type MachineServer, machineBin, machineServers, skipWithoutMachineServer } from './postgres/machine-rig.ts';
export { type OwnRooms, ownRooms } from './process/own-rooms.ts';
export { type Cloud, startAzure, startS3 } from './store/cloud-rig.ts';
