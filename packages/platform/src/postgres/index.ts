// The door of the embedded PostgreSQL: the launcher for the platform, the URL for services, the answer for `hale doctor`, and
// how a standby is made and an old primary brought back, and how it is backed up and restored.
export { type BackupOrder, type BackupProgress, takeBackup } from '../backup/base-backup.ts';
export { type CatalogueEntry, type Proof, readCatalogue } from '../backup/catalogue.ts';
export type { ClusterMemory } from '../backup/cluster-home.ts';
export { drainSpool } from '../backup/drain.ts';
export { findEngine } from '../backup/engine.ts';
export type { Packing } from '../backup/envelope.ts';
export {
  type HouseFile,
  type HouseHead,
  type HouseManifest,
  layOutHouse,
  listHouseIds,
  listHouses,
  openHouseVault,
  pruneHouse,
  readHouse,
  readHouseHead,
  takeHouse,
} from '../backup/house.ts';
export { parseKey } from '../backup/key.ts';
export type { BackupManifest } from '../backup/manifest.ts';
export { type ProofOrder, prove } from '../backup/proof.ts';
export { type Pruned, type PruneOrder, prune } from '../backup/prune.ts';
export type { RecoveryEngine } from '../backup/recovery.ts';
export { type Restored, type RestoreOrder, type RestoreProgress, restore } from '../backup/restore.ts';
export { type BroughtHome, type HomeOrder, restoreHome } from '../backup/restore-home.ts';
export { planRestore, type RestorePlan } from '../backup/restore-plan.ts';
export { backupLauncher } from '../backup/steward/launcher.ts';
export { type Errand, occupy, whileOccupied } from '../backup/steward/occupancy.ts';
export type { HousePacker } from '../backup/steward/packer.ts';
export { runSteward } from '../backup/steward/process.ts';
export { type BackupStats, backupStatsFile, readBackupStats } from '../backup/steward/stats.ts';
export { openStrongbox, type Strongbox, storeSecrets } from '../backup/strongbox.ts';
export { parseTarget, type Target, targetWords } from '../backup/target.ts';
export { openVault, putSealed, readSealed, type Vault } from '../backup/vault.ts';
export { type Verification, type VerifyOrder, verify } from '../backup/verify.ts';
export { type ReceiverOrder, type ReceiverStatus, startWalReceiver, type WalReceiver } from '../backup/wal-receiver.ts';
export { createFileStore } from '../store/file-store.ts';
export { openStore } from '../store/open-store.ts';
export { ownUrl, resourceUrl } from './address.ts';
export { type ControlFile, type ControlState, readControlFile } from './control-file.ts';
export { type CopyOptions, type CopyResult, copyCluster } from './copy/copy.ts';
export type { CopySource } from './copy/source.ts';
export { isHalfCopied } from './copy/target.ts';
export { databasePasswords } from './data-folder.ts';
export { type DrillLedger, openDrillLedger } from './drill-ledger.ts';
export { askElsewhere, type ServerElsewhere } from './elsewhere.ts';
export { postgresLauncher } from './launcher.ts';
export { assertServerFits } from './own-server.ts';
export { type NodeRoom, roomsOf } from './rooms.ts';
export { runStatement, type StatementAnswer } from './statement.ts';
export { type PostgresSupport, postgresSupport } from './support.ts';
