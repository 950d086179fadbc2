// The door of the process platform: replicas as plain processes of one host, and the keeper that holds them.
export { connectKeeper, type KeeperClient } from '../keeper/client.ts';
export type { ControlRequest, ExitEvent, ListenerRequest, ProcessRecord, SpawnRequest } from '../keeper/protocol.ts';
export { runtimeDirOf } from '../keeper/runtime-dir.ts';
export { type InheritedListener, inheritedListeners, type StartKeeperOptions, startKeeper } from '../keeper/start.ts';
export { bindListeners, listenersOf, publicListener, serviceListener } from './bindings.ts';
export { createKeeperSource, type KeeperSource } from './keeper-source.ts';
export type { CheckResult, CustomCheck, Launch, LaunchContext, Launcher } from './launcher.ts';
export { createProcessPlatform, type ProcessPlatformOptions } from './platform.ts';
export { keepListenerPorts, readListenerPorts } from './ports.ts';
export { constantCase } from './service-launcher.ts';
export { findStrays, killStrays } from './strays.ts';
