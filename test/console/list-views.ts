// Every view of the console, for the tests and the pictures: its path, and what is shown once it is loaded.
import { readFileSync } from 'node:fs';

export type ViewName = ReturnType<typeof listViews>[number]['name'];

/** `content`: a selector. There must be a patient, an order and an Observation. */
export const listViews = ({ patient, order }: { patient: string; order: string }) =>
  [
    { name: 'overview', path: '/', content: '.changes li' },
    { name: 'explorer', path: '/explorer', content: '.type-links.prominent' },
    { name: 'explorer-type', path: '/explorer/Observation', content: '.matches td' },
    { name: 'orders', path: '/orders', content: '.order-card' },
    { name: 'order', path: `/orders/${order}`, content: '.timeline li' },
    { name: 'mappings', path: '/mappings', content: '.vendor-card' },
    { name: 'mappings-found', path: '/mappings?find=Patient.telecom', content: '.mappings td' },
    { name: 'surface', path: '/mappings/jump', content: '.endpoints' },
    { name: 'surface-names', path: '/mappings/jump?tab=names', content: '.mappings td' },
    { name: 'surface-source', path: '/mappings/jump?tab=source', content: '.source-code' },
    { name: 'mapping', path: '/mappings/jump/patient', content: '.mappings td' },
    { name: 'mapping-searches', path: '/mappings/jump/patient?tab=searches', content: '.mappings td' },
    { name: 'mapping-losses', path: '/mappings/jump/patient?tab=losses', content: '.losses td' },
    { name: 'mapping-live', path: `/mappings/jump/patient?tab=live&id=${patient}`, content: '.live-view td' },
    { name: 'mapping-source', path: '/mappings/jump/patient?tab=source', content: '.source-code' },
    { name: 'faces', path: `/Patient/${patient}`, content: '.json-row' },
    { name: 'edit', path: `/Patient/${patient}?edit=fhir`, content: '.code-host > *' },
    { name: 'history', path: `/Patient/${patient}/history`, content: '.version' },
    { name: 'references', path: `/Patient/${patient}/references`, content: '.table-frame td' },
    { name: 'components', path: '/components', content: '.table-frame td' },
  ] as const;

/** The paths of the views that are shown at none of these paths. */
export function listMissingViews(paths: readonly string[]): string[] {
  const views = [...readFileSync('src/console/views/views.ts', 'utf8').matchAll(/\bpath: '([^']+)'/g)].map(([, path]) => path!);
  if (views.length < LEAST_VIEWS) throw new Error(`src/console/views/views.ts: only ${views.length} views are found`);
  const shown = new Set(paths.map((path) => findView(views, path)));
  return views.filter((view) => !shown.has(view));
}

const LEAST_VIEWS = 10;

/** The path of the view that is shown at a path: of several, the one with the fewest parameters. */
function findView(views: readonly string[], path: string): string | undefined {
  const count = (view: string): number => view.split(':').length;
  const [own = ''] = path.split('?');
  return views
    .filter((view) => new RegExp(`^${view.replaceAll(/:\w+/g, '[^/]+')}$`).test(own))
    .sort((one, other) => count(one) - count(other))[0];
}
