// The door of the process platform: replicas as plain processes of one host.
export type { CheckResult, CustomCheck, Launch, LaunchContext, Launcher } from './launcher.ts';
