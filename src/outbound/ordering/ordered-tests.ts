// The tests of a request that is an order, as the network takes them together; what it would refuse or misunderstand is refused here, naming the element.
// https://docs.junction.com/lab/workflow/ordering

import { validate as isUuid } from 'uuid';
import { amongThese } from '../../fhir/closest-name.ts';
import { listOf } from '../../fhir/json-values.ts';
import { type Issue, ruleAll } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Systems } from '../systems.ts';
import { codingsOf, isLaboratoryOrder, type Tests, type TestTable, testsBehind, testsToOrder } from './order-criteria.ts';
import { issuesOf, type Said, wrong } from './said.ts';

/** `method`: how the sample is taken, as far as the request says it. */
export function orderedTests(
  request: Resource,
  table: TestTable,
  { method, systems }: { method: Said<string | undefined>; systems: Systems },
): Said<Tests> {
  const tests = testsToOrder(request, table) ?? { labTests: [], addOn: [] };
  const details = listOf(request.orderDetail).flatMap((detail, at) => brokenConcept(detail, table, `ServiceRequest.orderDetail[${at}]`));
  const issues = [...brokenConcept(request.code, table, 'ServiceRequest.code'), ...details];
  const laboratories = new Set(tests.addOn.map(({ laboratory }) => laboratory));
  if (laboratories.size > 1)
    issues.push(...wrong('an order goes to one laboratory: its codes are of several', 'ServiceRequest.code').issues);
  if (laboratories.size && 'says' in method && method.says === undefined)
    issues.push(
      ...wrong(
        `an order by a laboratory's own codes says how the sample is taken (the extension ${systems.collectionMethod})`,
        'ServiceRequest.extension',
      ).issues,
    );
  return issues.length ? { issues } : { says: tests };
}

/** Refuses (422) an order by a panel that there is not, which is nothing else that can be ordered: it would look like one that was sent. */
export function refuseUnknownPanel(request: Resource, { system, panels }: TestTable): void {
  if (request.status !== 'active' || !isLaboratoryOrder(request)) return;
  const unknown = codingsOf(request.code).find((coding) => coding.system === system && coding.code)?.code;
  if (unknown === undefined) return;
  const text = `${unknown} is no panel that can be ordered here${amongThese(unknown, Object.keys(panels))}`;
  throw ruleAll(wrong(text, 'ServiceRequest.code').issues);
}

/** What is wrong with one concept: part of it would be left out, or it says two things. */
function brokenConcept(concept: unknown, table: TestTable, path: string): Issue[] {
  const tests = testsBehind(concept, table);
  if (!tests)
    return issuesOf(wrong('a detail of an order is another test that can be ordered: leave what is none out, and say it in a note', path));
  const codes = (system: string) => codingsOf(concept).flatMap((one) => (one.system === system && one.code ? one.code : []));
  if (!codes(table.labTests).every(isUuid)) return issuesOf(wrong('the network names its tests by UUIDs', path));
  const known = codes(table.system).every((code) => Object.hasOwn(table.panels, code));
  const agree = codes(table.labTests).every((id) => tests.labTests.includes(id));
  if (known && agree) return [];
  return issuesOf(wrong('its codings name different tests, or a panel that cannot be ordered: leave one of them', path));
}
