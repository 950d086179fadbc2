// A peer at one of two paces: as it comes, and as fast as its own documentation or validation lets one set it.

export type Pace = 'default' | 'fast';
