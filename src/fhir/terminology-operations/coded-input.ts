// The codes that a call is about: a code with its system, a Coding, or a CodeableConcept. https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
import { listObjects } from '../json-values.ts';
import type { OperationParameters, ParameterTable } from '../operation-parameters.ts';
import { invalid } from '../outcome.ts';
import { matchesVersion } from '../profile-claims.ts';
import type { Coding } from '../terminology/value-set.ts';

export const CODED_PARAMETERS: ParameterTable = {
  code: { type: 'code' },
  display: { type: 'string' },
  coding: { type: 'Coding' },
  codeableConcept: { type: 'CodeableConcept' },
};

/** A Coding that has a code. */
export type CodedInput = Coding & { code: string };

const NAMES = ['code', 'coding', 'codeableConcept'] as const;

/** The codings of a call. `system`: of the parameter `code`. Exactly one of code, coding and codeableConcept is needed. */
export function readCodings(parameters: OperationParameters, system: string | undefined, versionName: string): CodedInput[] {
  const given = NAMES.filter((name) => parameters.names.includes(name));
  if (given.length !== 1) throw invalid(`send one of ${NAMES.join(', ')}`);
  const codings =
    given[0] === 'code'
      ? [{ code: parameters.text('code'), system, version: parameters.text(versionName), display: parameters.text('display') }]
      : given[0] === 'coding'
        ? [parameters.element('coding')!]
        : listObjects(parameters.element('codeableConcept')!.coding);
  const known = codings.map(toCodedInput).filter((coding) => coding !== undefined);
  if (!known.length) throw invalid(`${given[0]} has no code`);
  return known;
}

function toCodedInput(coding: object): CodedInput | undefined {
  const { system, version, code, display } = Object.fromEntries(Object.entries(coding).filter(([, value]) => typeof value === 'string'));
  if (code === undefined) return undefined;
  return {
    code,
    ...(system !== undefined && { system }),
    ...(version !== undefined && { version }),
    ...(display !== undefined && { display }),
  };
}

/** Whether a version is the requested one. A side that names no version fits any. */
export const fitsVersion = (version: string | undefined, requested: string | undefined): boolean =>
  version === undefined || requested === undefined || matchesVersion(version, requested);
