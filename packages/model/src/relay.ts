// The door to the rules of a relay (decision 0008): which table it believes, whom it leads where, and when a node is silent. The real relays go by
// them, and those of the simulator, so that what the games try is what runs.
export {
  askMs,
  lookEveryMs,
  type Reach,
  type ReachLimits,
  reachDefaults,
  silenceWords,
} from './relay/reach.ts';
export { type Asked, Watch, type Watched } from './relay/watch.ts';
export {
  choose,
  describeNode,
  follow,
  type Guide,
  isSameNode,
  leadsAlike,
  mayStay,
  nodeKey,
  noWay,
  type Purpose,
  type Way,
} from './relay/way.ts';
