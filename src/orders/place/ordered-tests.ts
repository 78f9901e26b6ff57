// The tests of a request that is an order, as the network takes them together; what it would refuse or misunderstand is refused here, naming the element.
// https://docs.junction.com/lab/workflow/ordering

import { listOf } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { Systems } from '../systems.ts';
import { meaningOf, severalTests } from './lab-catalogue.ts';
import { brokenConcept, type Tests, type TestTable, unique } from './order-criteria.ts';
import { issuesOf, type Said, together, wrong } from './validation-result.ts';

/** `code`: what the request's code means. `method`: how the sample is taken, as far as the request says it. */
export async function orderedTests(
  context: Context,
  request: Resource,
  { code, table, method, systems }: { code: Tests; table: TestTable; method: Said<string | undefined>; systems: Systems },
): Promise<Said<Tests>> {
  const details = await Promise.all(
    listOf(request.orderDetail).map((detail, at) => detailOf(context, detail, table, `ServiceRequest.orderDetail[${at}]`)),
  );
  const said = together([{ says: [code] }, ...details]);
  const issues = [...brokenConcept(request.code, table, 'ServiceRequest.code'), ...issuesOf(said)];
  const all = 'says' in said ? said.says : [code];
  const tests = { labTests: [...new Set(all.flatMap(({ labTests }) => labTests))], addOn: unique(all.flatMap(({ addOn }) => addOn)) };
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

async function detailOf(context: Context, detail: unknown, table: TestTable, path: string): Promise<Said<Tests[]>> {
  const meaning = await meaningOf(context, detail, table);
  if (!meaning)
    return wrong('a detail of an order is another test that can be ordered: leave what is none out, and say it in a note', path);
  if ('several' in meaning) return wrong(severalTests(meaning.several), path);
  const broken = brokenConcept(detail, table, path);
  return broken.length ? { issues: broken } : { says: [meaning.tests] };
}
