// The types of build.mjs, for those who call it from TypeScript.
/** The folder to serve; index.html is its first page. */
export declare const assetFolder: string;
/** Builds the dashboard; with 'changed' (default) only when dist/ was not made of these very sources. */
export declare function buildDashboard(options?: {
  readonly if?: 'changed' | 'always';
}): Promise<{ readonly built: boolean; readonly folder: string }>;
