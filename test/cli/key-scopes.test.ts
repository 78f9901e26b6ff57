// The scopes of a new key: scopes without effect are refused before the key exists.
import { administer } from '../../src/cli/admin.ts';
import type { AdminContext } from '../../src/cli/admin-command.ts';
import type { Database } from '../../src/store/database/database.ts';

const FACTS = { keyPrefixes: { fhir: 'fhir_test_' }, now: () => new Date() } as unknown as AdminContext;
const created = (scopes: string) =>
  administer({} as Database, { command: 'keys create', options: { surface: 'fhir', scopes, tenant: 'springfield' } }, FACTS);

test.each([
  ['system/Patint.rs', /^--scopes: Patint is not served \(did you mean Patient\?\)/],
  ['read,system/Obsevration.cruds', /\(did you mean Observation\?\)/],
  ['system/patient.rs', /^not a scope: system\/patient\.rs/],
])('%s is refused', async (scopes, says) => {
  await expect(created(scopes)).rejects.toThrow(says);
});
