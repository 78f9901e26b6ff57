// Reads the tests of an order. Combinations of tests that the lab network would refuse or misunderstand are refused with the name of the element.
// https://docs.junction.com/lab/workflow/ordering

import { toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { Systems } from '../systems.ts';
import { checkConcept, type OrderedTests, type TestTable, uniqueAddOns } from './test-codes.ts';
import { describeAmbiguousCode, resolveTests } from './test-resolution.ts';
import { combineResults, invalid, listIssues, type ValidationResult } from './validation-result.ts';

/** `code`: the tests of the request's code. `method`: the collection method of the request. */
export async function readOrderedTests(
  context: Context,
  request: Resource,
  {
    code,
    table,
    method,
    systems,
  }: { code: OrderedTests; table: TestTable; method: ValidationResult<string | undefined>; systems: Systems },
): Promise<ValidationResult<OrderedTests>> {
  const details = await Promise.all(
    toList(request.orderDetail).map((detail, at) => readOrderDetail(context, detail, table, `ServiceRequest.orderDetail[${at}]`)),
  );
  const said = combineResults([{ value: [code] }, ...details]);
  const issues = [...checkConcept(request.code, table, 'ServiceRequest.code'), ...listIssues(said)];
  const all = 'value' in said ? said.value : [code];
  const tests = { labTests: [...new Set(all.flatMap(({ labTests }) => labTests))], addOn: uniqueAddOns(all.flatMap(({ addOn }) => addOn)) };
  const laboratories = new Set(tests.addOn.map(({ laboratory }) => laboratory));
  if (laboratories.size > 1) issues.push(...invalid('an order can have codes of only one laboratory', 'ServiceRequest.code').issues);
  if (laboratories.size && 'value' in method && method.value === undefined)
    issues.push(
      ...invalid(
        `an order by a laboratory's own codes needs a collection method (extension ${systems.collectionMethod})`,
        'ServiceRequest.extension',
      ).issues,
    );
  return issues.length ? { issues } : { value: tests };
}

async function readOrderDetail(
  context: Context,
  detail: unknown,
  table: TestTable,
  path: string,
): Promise<ValidationResult<OrderedTests[]>> {
  const meaning = await resolveTests(context, detail, table);
  if (!meaning) return invalid('orderDetail must be a test that can be ordered: leave other details out, and write them in a note', path);
  if ('several' in meaning) return invalid(describeAmbiguousCode(meaning.several), path);
  const broken = checkConcept(detail, table, path);
  return broken.length ? { issues: broken } : { value: [meaning.tests] };
}
