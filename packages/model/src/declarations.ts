// The door of whoever reads a declaration that a person wrote: parsing it, and pointing at the line where it is wrong.
// Those who only work with what came out of it (control, keeper, gateway, services) never load this.
export { locateProblem } from './locate.ts';
export { plainName } from './parse/checks.ts';
export { type ParseOptions, parseSystem } from './parse.ts';
