// Access scopes.
import { isAdmin, isAllowed, isAllowedOnAll, isScope, type Permission } from '../../src/fhir/access-scope.ts';

const all: Permission[] = ['c', 'r', 'u', 'd', 's'];
const of = (scopes: string[], type = 'Patient') => all.filter((permission) => isAllowed(scopes, type, permission)).join('');

test.each([
  [['*'], 'cruds'],
  [['read'], 'rs'],
  [['write'], 'cud'],
  [['read', 'write'], 'cruds'],
  [['system/Patient.rs'], 'rs'],
  [['system/*.cruds'], 'cruds'],
  [['system/Observation.cruds'], ''],
  [['system/Observation.r', 'system/Patient.c'], 'c'],
  [['user/Patient.rs'], 'rs'],
  [['user/*.cruds'], 'cruds'],
  [['user/Observation.cruds'], ''],
  [['system/Patient.read'], 'rs'],
  [['user/Patient.write'], 'cud'],
  [['user/*.*'], 'cruds'],
  [['system/Patient.readwrite', 'system/Patient.sr'], ''],
  [['patient/Patient.rs'], 'rs'],
  [['patient/*.*'], 'cruds'],
  [['patient/Observation.rs'], ''],
  [['system/Patient.r?active=true', 'user/Patient.s?_id=1'], 'rs'],
  [['system/*.rs?active=true', 'patient/*.rs?_id=1'], ''],
  [['openid', 'fhirUser', 'launch/patient', 'offline_access'], ''],
  [['admin'], ''],
  [['admin', 'read'], 'rs'],
  [[], ''],
  [['toString', 'system/Patient.'], ''],
] as const)('%j lets do %s', (scopes, letters) => {
  expect(of([...scopes])).toBe(letters);
});

test('a patient/ scope covers no types outside of the patient compartment', () => {
  expect([of(['patient/*.cruds'], 'Practitioner'), of(['patient/Organization.rs'], 'Organization')]).toEqual(['', '']);
});

test.each<[string[], string]>([
  [['*'], 'cruds'],
  [['patient/*.cruds'], ''],
  [['system/Patient.rs?active=true'], ''],
  [['system/Patient.rs?active=true', 'system/Patient.s'], 's'],
])('%j lets do %s with every Patient', (scopes, letters) => {
  expect(all.filter((permission) => isAllowedOnAll(scopes, 'Patient', permission)).join('')).toBe(letters);
});

test.each(['*', 'read', 'write', 'admin', 'system/*.rs', 'system/Patient.cruds', 'system/Patient.rs?active=true'])(
  '%s is a scope',
  (scope) => {
    expect(isScope(scope)).toBe(true);
  },
);

test.each([
  '',
  'operator',
  'system/Patient.',
  'system/Patient.sr',
  'patient/Patient.rs',
  'user/Patient.rs',
  'system/patient.r',
  'system/*.rs?active=true',
  'system/Patient.rs?',
  'constructor',
])('"%s" is not a scope', (scope) => {
  expect(isScope(scope)).toBe(false);
});

test('only the scope admin gives administrator rights', () => {
  expect([isAdmin(['admin']), isAdmin(['*', 'read', 'write', 'system/*.cruds'])]).toEqual([true, false]);
});

test.each([
  [
    [
      '*',
      'read',
      'write',
      'admin',
      'system/*.cruds',
      'system/*.read',
      'user/*.cruds',
      'user/AuditEvent.rs',
      'patient/AuditEvent.rs',
      'system/AuditEvent.rs?type=rest',
    ],
    '',
  ],
  [['system/AuditEvent.rs'], 'rs'],
  [['system/AuditEvent.cruds'], 'rs'],
  [['system/AuditEvent.read'], 'rs'],
  [['system/AuditEvent.s'], 's'],
] as const)('%j lets do %s with the audit', (scopes, letters) => {
  expect(of([...scopes], 'AuditEvent')).toBe(letters);
});
