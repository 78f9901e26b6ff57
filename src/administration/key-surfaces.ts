// The surfaces of API keys: FHIR, the vendors of the mappings, and the two of administrators. A key opens one surface.
import { AdministrationError } from './administration-error.ts';

/** The surface of a tenant's administrators: keys of their tenant below /admin. It opens no resource. */
export const ADMIN_SURFACE = 'admin';
/** The surface of the installation's operators: tenants, and the keys of all tenants, below /admin. It opens no resource. */
export const OPERATOR_SURFACE = 'operator';

/** The prefixes of the keys of administrators. */
const ADMINISTRATORS: Record<string, string> = { [ADMIN_SURFACE]: 'admin_live_', [OPERATOR_SURFACE]: 'operator_live_' };

export const isAdministrator = (surface: string): boolean => Object.hasOwn(ADMINISTRATORS, surface);

/** Surface → the prefix of its development keys. `surfaces`: those of the vendors. */
export const listSurfacePrefixes = (surfaces: { name: string; auth: { prefix: string } }[]): Record<string, string> => ({
  fhir: 'fhir_test_',
  ...Object.fromEntries(surfaces.map(({ name, auth }) => [name, auth.prefix])),
});

/** The beginning of the texts of new keys of a surface (`clk_live_`). `prefixes`: of the surfaces with data. */
export function findPrefix(prefixes: Record<string, string>, surface: string): string {
  if (isAdministrator(surface)) return ADMINISTRATORS[surface]!;
  if (!Object.hasOwn(prefixes, surface))
    throw new AdministrationError('invalid', ` must be one of ${[...Object.keys(prefixes), ADMIN_SURFACE].join(', ')}`, 'surface');
  return toLivePrefix(prefixes[surface]!);
}

/** The prefix of keys that an operator creates: `pk_live_`. surface.yaml has the prefix for development, `pk_test_`. */
export const toLivePrefix = (prefix: string): string => prefix.replace('_test_', '_live_');
