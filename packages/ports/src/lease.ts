// Who leads. Taking the lease gives an epoch higher than any before; everything a leader says carries it.
export interface Lease {
  /** Takes the lease for `holder`; gives the new epoch, which is above `epochFloor` too (the highest seen elsewhere). Throws HaleError HALE_CONTROL_LEASE_HELD when another live holder has it. */
  acquire(holder: string, epochFloor?: number): number;
  /** True while this holder still leads. */
  isHeld(): boolean;
  release(): void;
}
