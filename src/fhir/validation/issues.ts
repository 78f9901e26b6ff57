// From what is wrong with a resource to issues a caller can act on: where (FHIRPath), and what was expected; never the value.
// https://hl7.org/fhir/R4/operationoutcome.html, paths: https://hl7.org/fhir/R4/fhirpath.html#simple

import { findElement } from '../elements.ts';
import { isElement, readMember, toList } from '../json-values.ts';
import { type Issue, issue } from '../outcome.ts';
import type { Fault } from './schema-rule.ts';

/** What refuses a write lists no more than this. */
const MAX_ISSUES = 20;
const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** The first faults of a resource as issues, without repeats. */
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
 * The FHIRPath of a place in a resource: `['name', 0, '_family']` is `Patient.name[0].family`. A choice element has the name FHIRPath knows it by:
 * `['valueQuantity']` is `Observation.value`. A name that no element can have ends the path, since it may be anything.
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
