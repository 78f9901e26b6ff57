// Checks `prefer:` at start, and that no field writes an element that decides which of several names, numbers or addresses is shown.

import { formatKnownNames } from '../../fhir/closest-name.ts';
import { PREFERRED_TYPES, WITHOUT_USE } from '../../fhir/current-elements.ts';
import { findElement } from '../../fhir/elements.ts';
import { explainUnboundCode } from '../../fhir/terminology/explain-code.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Report } from '../diagnostics.ts';
import { toFileKeys } from '../lens/field.ts';
import type { Lens } from '../lens/lens.ts';
import { readStepSyntax } from '../lens/step-syntax.ts';
import type { MappingSpec } from '../spec.ts';

/** The elements that decide which of several is shown. */
const DECIDING = ['use', 'period', 'rank', 'type'];

export function checkPrefer(lens: Lens, { prefer = {} }: MappingSpec, fault: Report): void {
  const leaves = [...lens.leaves, ...lens.lists.flatMap(({ leaves: members }) => members)];
  const chosen = new Set(leaves.flatMap(({ paths, writtenPaths }) => [...paths, ...writtenPaths].flatMap(listChosenTypes)));
  for (const [type, uses] of Object.entries(prefer)) {
    const report = (text: string): void => fault(['prefer', type], new Error(text));
    if (!PREFERRED_TYPES.includes(type)) report(`prefer: is for ${PREFERRED_TYPES.join(', ')}${formatKnownNames(type, PREFERRED_TYPES)}`);
    else if (!chosen.has(type)) report(`no path chooses among several of type ${type}: leave it out, or write first() or where(…) in one`);
    else for (const use of uses) checkUse(type, use).forEach(report);
  }
  for (const field of leaves) {
    const path = field.spec.readOnly ? undefined : field.writtenPaths.find(decides);
    if (path) fault(toFileKeys(field.keyPath), new Error(describeDeciding(path)));
  }
}

function checkUse(type: string, use: string): string[] {
  if (use === 'old') return ['old elements are never shown: leave old out'];
  const unknown = use === WITHOUT_USE ? undefined : explainUnboundCode(use, findElement(type, 'use')!.bound);
  return unknown === undefined ? [] : [`${unknown}, or ${WITHOUT_USE} for elements without a use`];
}

const describeDeciding = ({ text }: WritablePath): string =>
  `${text} decides which of several elements is shown, so writing it could show another element: make the field readOnly, or the element a list:`;

const isChosen = (step: WritablePath['steps'][number]): boolean => readStepSyntax(step).current !== undefined;

const listChosenTypes = ({ steps }: WritablePath): string[] => steps.filter(isChosen).map(({ type }) => type);

const decides = ({ steps }: WritablePath): boolean =>
  steps.some((step, at) => at > 0 && DECIDING.includes(step.name) && isChosen(steps[at - 1]!));

/** The preferences of a mapping in words, a line for each type. */
export const describePreferences = ({ prefer = {} }: Pick<MappingSpec, 'prefer'>): string[] =>
  Object.entries(prefer).map(([type, uses]) => `Of several of type ${type} the current one is taken, by use: ${uses.join(', ')}.`);
