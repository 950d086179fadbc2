// A plan written out as hale.config.ts: what a person would have written, with a remark where a choice was made.
import type { ServicePlan, SystemPlan } from './plan.ts';
import { keyOf, sourceOf } from './source-text.ts';

/** The package's own name, kept out of quotes: the release rewrites quoted names of packages. */
export const packageName = /hale/.source;

/** The import line of a declaration. */
export function importLine(names: readonly string[]): string {
  const quote = "'";
  return `import { ${names.join(', ')} } from ${quote}${packageName}${quote};`;
}

export function configText(plan: SystemPlan): string {
  const services = plan.services.map(serviceText).join('');
  const resources = plan.resources
    .map(
      ({ name, database }) =>
        `    ${keyOf(name)}: postgres(${database === undefined ? '' : sourceOf({ database })}),\n`,
    )
    .join('');
  const body = [
    `  name: ${sourceOf(plan.name)},\n`,
    resources === '' ? '' : `  resources: {\n${resources}  },\n`,
    `  services: {\n${services}  },\n`,
    plan.gateway === undefined
      ? ''
      : `  gateway: { port: ${plan.gateway.port}, routes: { '/': ${sourceOf(plan.gateway.front)} } },\n`,
  ].join('');
  const used = ['defineSystem', 'env', 'postgres', 'secret', 'service'].filter(
    (name) => name === 'defineSystem' || new RegExp(`\\b${name}\\(`).test(body),
  );
  return [
    `// The system, declared once: \`hale up\` starts it, watches it and heals it. Written by \`hale init\`.\n`,
    `${importLine(used)}\n\n`,
    `export default defineSystem({\n${body}});\n`,
  ].join('');
}

function serviceText(plan: ServicePlan): string {
  const { draft, remark } = plan;
  const comments = [`from ${draft.from}`, ...(remark === undefined ? [] : [remark])];
  const { ready } = draft;
  const options = {
    ...draft.program,
    ...(draft.folder === '' ? {} : { cwd: draft.folder }),
    ...(Object.keys(draft.env).length === 0 ? {} : { env: draft.env }),
    ...(draft.envFile === undefined ? {} : { envFile: draft.envFile }),
    ...(plan.port === undefined ? {} : { port: plan.port }),
    ...(plan.replicas === 1 ? {} : { replicas: plan.replicas }),
    ...(draft.uses.length === 0 ? {} : { uses: draft.uses }),
    ...(ready === undefined || (plan.port === false && ready.http !== undefined) ? {} : { probes: { ready } }),
    ...(draft.memory === undefined ? {} : { limits: { memory: draft.memory } }),
    ...(draft.stop === undefined ? {} : { grace: { stop: draft.stop } }),
  };
  const lines = comments.map((comment) => `    // ${comment.replace(/\s+/g, ' ')}\n`).join('');
  return `${lines}    ${keyOf(draft.name)}: service(${sourceOf(options, '    ')}),\n`;
}
