// An order whose collection method is a test kit. The lab network refuses this method in an order: its lab tests have it. So the order is sent without a method if the
// catalogue states that every ordered test is a test kit, and refused otherwise: without the method, the sample might be taken in another way.
// docs/lab-catalogue.md, https://docs.junction.com/lab/workflow/ordering
import { escapeSearchValue } from '../../fhir/search/search-value.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { type CollectionMethod, TEST_KIT } from '../../junction/collection-methods.ts';
import { asSystemActor } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import type { OrderedTests, TestTable } from './ordered-tests.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

interface KitOrder {
  method: ValidationResult<CollectionMethod | typeof TEST_KIT | undefined>;
  tests: ValidationResult<OrderedTests>;
  /** The path of the method in the request. */
  path: string;
}

/** The method that is sent; undefined: that of the tests. Without valid tests they are the reason why the order is refused. */
export async function readSentMethod(
  context: Context,
  { method, tests, path }: KitOrder,
  { table, systems }: { table: TestTable; systems: Systems },
): Promise<ValidationResult<CollectionMethod | undefined>> {
  if (!('value' in method)) return method;
  if (method.value !== TEST_KIT) return { value: method.value };
  if (!('value' in tests)) return { value: undefined };
  if (tests.value.addOn.length) return invalid(ADD_ON_TEXT, path);
  for (const id of tests.value.labTests) {
    const coding = `${escapeSearchValue(table.labTests)}|${escapeSearchValue(id)}`;
    if (!(await isTestKit(context, coding, systems.collectionMethod))) return invalid(describeOtherTest(id), path);
  }
  return { value: undefined };
}

const ADD_ON_TEXT =
  "a laboratory's own codes cannot be ordered as a test kit: the lab network has this method only for lab tests that are test kits; order such a lab test";
const describeOtherTest = (id: string): string =>
  `the catalogue does not state that the lab test ${id} is a test kit: leave the collection method out for the default of the test, or refresh the catalogue (facet catalogue sync)`;

/** The maximum number of catalogue entries of one lab test that are read. */
const MAX_ENTRIES = 50;

/** Whether an entry of the catalogue has this lab test and the method. An entry that is retired states it, too. */
async function isTestKit(context: Context, coding: string, methodUrl: string): Promise<boolean> {
  const criteria = new URLSearchParams({ code: coding }).toString();
  // the caller may have no scope to read the catalogue
  const rows = await findMatches(asSystemActor(context), 'ActivityDefinition', { criteria, count: MAX_ENTRIES });
  return rows.some(({ body }) => {
    const { extension = [] } = toTyped('ActivityDefinition', JSON.parse(body!));
    return extension.some(({ url, valueCode }) => url === methodUrl && valueCode === TEST_KIT);
  });
}
