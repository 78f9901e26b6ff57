// $validate-code of ValueSet and CodeSystem: whether a code is in a value set or code system, and whether its display is right.
// https://hl7.org/fhir/R4/valueset-operation-validate-code.html, https://hl7.org/fhir/R4/codesystem-operation-validate-code.html

import type { OperationParameters } from '../operation-parameters.ts';
import { invalid, notSupported } from '../outcome.ts';
import { buildParameters } from '../parameters.ts';
import { buildConceptTree } from '../terminology/concepts.ts';
import { expandDefinition, formatNotKnown, type SystemCodes } from '../terminology/expansion.ts';
import type { Resource } from '../types.ts';
import { CODED_PARAMETERS, type CodedInput, fitsVersion, readCodings } from './coded-input.ts';
import { buildDescriber, chooseDisplay, describeCode, type ListedCode, requireKnown } from './listed-codes.ts';
import { requireCodeSystem, requireValueSet, type TerminologyCall, type TerminologyOperation } from './operation.ts';

export const VALIDATE_CODE_IN_VALUE_SET: TerminologyOperation = {
  name: '$validate-code',
  parameters: {
    url: { type: 'uri' },
    valueSet: { type: 'ValueSet', asBody: true },
    valueSetVersion: { type: 'string' },
    ...CODED_PARAMETERS,
    system: { type: 'uri' },
    systemVersion: { type: 'string' },
    abstract: { type: 'boolean' },
    displayLanguage: { type: 'code' },
  },
  run: validateInValueSet,
};

export const VALIDATE_CODE_IN_CODE_SYSTEM: TerminologyOperation = {
  name: '$validate-code',
  parameters: {
    url: { type: 'uri' },
    codeSystem: { type: 'CodeSystem', asBody: true },
    version: { type: 'string' },
    ...CODED_PARAMETERS,
    abstract: { type: 'boolean' },
    displayLanguage: { type: 'code' },
  },
  run: validateInCodeSystem,
};

/** The judgement of one coding. `reason`: why it is not valid. */
interface Judgement {
  code?: ListedCode;
  reason?: string;
}

function validateInValueSet(call: TerminologyCall): Resource {
  const { parameters, terminology } = call;
  const system = parameters.text('system');
  if (parameters.names.includes('code') && system === undefined) throw invalid('a code needs its system: send both');
  const codings = readCodings(parameters, system, 'systemVersion');
  const valueSet = requireValueSet(call);
  const expansion = requireKnown(expandDefinition(valueSet, terminology));
  const describe = buildDescriber(valueSet, terminology);
  return respond(codings, parameters, (coding) => {
    if (coding.system === undefined) return { reason: `the code ${coding.code} has no system` };
    const listed = expansion.get(coding.system);
    const notListed = { reason: `the code ${coding.code} of ${coding.system} is not in the value set` };
    if (!listed) return notListed;
    const code = describe(coding.system, coding.code, chooseVersions(listed.versions, coding.version));
    requireVersion(coding, code.version);
    if (listed.codes !== 'all' && !listed.codes.has(code.code)) return notListed;
    // neither true nor false is certain
    if (listed.unknown !== undefined) throw notSupported(listed.unknown);
    if (listed.codes === 'all') throw notSupported(formatNotKnown('code system', coding.system));
    return { code };
  });
}

function validateInCodeSystem(call: TerminologyCall): Resource {
  const { parameters } = call;
  const system = requireCodeSystem(call);
  const codings = readCodings(parameters, system.url, 'version');
  const tree = buildConceptTree(system);
  return respond(codings, parameters, (coding) => {
    if (coding.system !== undefined && coding.system !== system.url)
      return { reason: `the code ${coding.code} is of ${coding.system}, not of ${system.url}` };
    requireVersion({ system: system.url, ...coding }, system.version);
    if (tree.find(coding.code)) return { code: describeCode(system.url, coding.code, tree) };
    if (system.content !== 'complete') throw notSupported(`not all codes of ${system.url} are known here`);
    return { reason: `the code ${coding.code} is not in the code system` };
  });
}

/** The requested version, if the value set takes codes from it. */
function chooseVersions(versions: SystemCodes['versions'], requested: string | undefined): SystemCodes['versions'] {
  const fitting = [...versions].filter((version) => version !== undefined && fitsVersion(version, requested));
  return fitting.length ? new Set(fitting) : versions;
}

/**
 * Refuses a code of another version: a code can be added, removed or changed between versions, so neither true nor false is certain. Where no version is known,
 * the codes are taken for those of every version (inferred).
 */
function requireVersion({ system, version }: CodedInput, used: string | undefined): void {
  if (fitsVersion(used, version)) return;
  throw notSupported(`codes of ${system} are checked by its version ${used} here, not by ${version}: leave out the version`);
}

/** A CodeableConcept is valid if one of its codings is. https://hl7.org/fhir/R4/valueset-operation-validate-code.html (codeableConcept) */
function respond(codings: readonly CodedInput[], parameters: OperationParameters, judge: (coding: CodedInput) => Judgement): Resource {
  const judgements = codings.map((coding) => checkFacts(judge(coding), coding, parameters));
  const valid = judgements.find(({ reason }) => reason === undefined);
  const shown = valid ?? judgements.find(({ code }) => code) ?? judgements[0]!;
  const display = shown.code && chooseDisplay(shown.code, parameters.text('displayLanguage'));
  return buildParameters([
    { name: 'result', valueBoolean: valid !== undefined },
    valid ? undefined : { name: 'message', valueString: judgements.map(({ reason }) => reason).join('; ') },
    display === undefined ? undefined : { name: 'display', valueString: display },
  ]);
}

/**
 * Checks the display, and whether an abstract code may be used. The caller states with `abstract` that it may; without the parameter it may not (inferred: R4
 * describes true and false, but no default).
 */
function checkFacts(judgement: Judgement, { display }: CodedInput, parameters: OperationParameters): Judgement {
  const { code, reason } = judgement;
  if (!code || reason !== undefined) return judgement;
  if (code.isAbstract && !parameters.flag('abstract'))
    return { code, reason: `the code ${code.code} is abstract: it only groups other codes (send abstract=true if it may be used)` };
  if (display === undefined || isDisplay(code, display)) return judgement;
  return { code, reason: `the display of ${code.code} is ${code.display ?? 'not known here'}` };
}

/** Case and spaces do not matter. A code without known texts has no wrong display. */
function isDisplay(code: ListedCode, display: string): boolean {
  const texts = [code.display, ...code.designation.map(({ value }) => value)].filter((text) => text !== undefined);
  return !texts.length || texts.some((text) => toComparable(text) === toComparable(display));
}

const toComparable = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase();
