// What the console takes the session's scopes to allow is what the server allows.
import { findDenial, isAllowed } from '../../src/console/api/access.ts';
import { isAllowed as isAllowedByServer } from '../../src/fhir/access-scope.ts';

const LEVELS = ['system', 'user', 'patient'];
const LETTERS = ['cruds', 'rs', 'cud', 'u', 'c', 'read', 'write', '*'];
const SCOPES = [
  ...['*', 'read', 'write', 'admin', 'openid', 'launch/patient'],
  ...LEVELS.flatMap((level) =>
    LETTERS.flatMap((letters) => [
      `${level}/*.${letters}`,
      `${level}/Patient.${letters}`,
      `${level}/Patient.${letters}?gender=female`,
      `${level}/AuditEvent.${letters}`,
      `${level}/AuditEvent.${letters}?action=C`,
    ]),
  ),
];

test('each scope allows in the console what it allows at the server', () => {
  for (const scope of SCOPES)
    for (const type of ['Patient', 'Observation', 'AuditEvent'])
      for (const permission of ['c', 'r', 'u', 's'] as const)
        expect([scope, type, permission, isAllowed([scope], type, permission)]).toEqual([
          ...[scope, type, permission],
          isAllowedByServer([scope], type, permission),
        ]);
});

test('what is denied is named, and a credential that is missing is no denial', () => {
  const session = (...scopes: string[]) => ({ surfaces: [{ name: 'fhir', title: 'FHIR R4', scopes, actor: 'key' }], available: [] });
  const edit = { surface: 'fhir', type: 'Patient', permissions: ['r' as const, 'u' as const] };
  expect([
    ...[['*'], ['read', 'write'], ['read'], ['write'], ['system/Patient.crs']].map((scopes) => findDenial(session(...scopes), edit)),
    findDenial(session('read'), { ...edit, surface: 'loop' }),
  ]).toEqual([
    undefined,
    undefined,
    'Your key of FHIR R4 may only read Patient; sign in with one that may, for example with the scope system/Patient.u.',
    'Your key of FHIR R4 may not read Patient; sign in with one that may, for example with the scope system/Patient.r.',
    'Your key of FHIR R4 may not change Patient; sign in with one that may, for example with the scope system/Patient.u.',
    undefined,
  ]);
});
