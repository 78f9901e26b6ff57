// Turns faults of a resource into issues: the element as FHIRPath, and the expectation, but never the value.
// https://hl7.org/fhir/R4/operationoutcome.html, paths: https://hl7.org/fhir/R4/fhirpath.html#simple

import { findElement } from '../elements.ts';
import { isElement, readMember, toList } from '../json-values.ts';
import { type Issue, issue } from '../outcome.ts';
import type { Fault } from './schema-rule.ts';

/** The most issues of a refused write. */
const MAX_ISSUES = 20;
const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** The first faults of a resource as issues, each once. */
export function toIssues(faults: Fault[], resource: object, type: string, most = MAX_ISSUES): Issue[] {
  const issues = new Map<string, Issue>();
  for (const { severity, code, text, path } of faults) {
    const where = formatElementPath(type, resource, path);
    issues.set(`${where} ${text}`, { ...issue(code, text, where), ...(severity && { severity }) });
    if (issues.size === most) break;
  }
  return [...issues.values()];
}

/**
 * The FHIRPath of an element: `['name', 0, '_family']` is `Patient.name[0].family`. A choice has its FHIRPath name: `['valueQuantity']` is
 * `Observation.value`. The path ends before a name that no element can have, because that name may be patient data.
 */
export function formatElementPath(root: string, resource: unknown, at: (string | number)[]): string {
  let path = root;
  let type: string | undefined = root;
  let value: unknown = resource;
  for (const step of at) {
    value = typeof step === 'number' ? toList(value)[step] : readMember(value, step);
    if (typeof step === 'number') {
      path += `[${step}]`;
      if (type === 'Resource') type = readResourceType(value);
      continue;
    }
    const name = step.startsWith('_') ? step.slice(1) : step;
    if (!NAME.test(name)) return path;
    const facts = type === undefined ? undefined : (findElement(type, step) ?? findElement(type, name));
    path += `.${facts?.choice?.replace('[x]', '') ?? name}`;
    type = facts?.types[0];
  }
  return path;
}

const readResourceType = (value: unknown): string | undefined =>
  isElement(value) && typeof value.resourceType === 'string' ? value.resourceType : undefined;
