// The hands: adapters that touch the world. This door holds what all of them share; each has a door of its own
// (`/process`, `/gateway`, `/postgres`).
export { isPlatformErrorCode, type PlatformErrorCode, platformError, platformHints } from './errors.ts';
