// A create of many items (`many:`), checked at start: which fields each member says, by which items are the same, and what does not go with it.
import { amongThese } from '../../fhir/closest-name.ts';
import type { Lens } from '../lens/lens.ts';
import { asksIn } from '../schema.ts';
import type { MappingSpec } from '../spec.ts';
import type { Fault } from './check-lens.ts';

/** Words that look for each item one by one, or wait for it. */
const APART = ['port', 'row', 'into', 'unique'] as const;
const APART_IN_FIELDS = ['link', 'shares', 'instead'] as const;

export function checkMany(lens: Lens, mapping: MappingSpec, fault: Fault): void {
  const { many, interactions } = mapping;
  if (!many) return;
  const { list, fields, least = 1, most, identity = [] } = many;
  const asked = lens.fields.filter(asksIn('create')).map(({ name }) => name);
  const unasked = (names: string[]): string | undefined => names.find((name) => !asked.includes(name));
  const told = (word: string, problem: string | false | undefined): void => {
    if (problem) fault(['many', word], new Error(problem));
  };
  const noField = (name: string | undefined) => name && `no request says ${name}${amongThese(name, asked)}`;
  told('list', lens.fields.some(({ name }) => name === list) && `${list} is a field of each item: the list needs a name of its own`);
  told('fields', noField(unasked(fields)));
  told('identity', noField(unasked(identity)));
  told('most', most < least && `${most} is less than least (${least})`);
  if (!interactions.includes('create')) fault(['many'], new Error('it is for a create: add create to interactions'));
  for (const word of APART) if (mapping[word] !== undefined) fault([word], new Error(`${word}: does not go with many: ${INSTEAD}`));
  for (const { spec, at } of lens.leaves)
    for (const word of APART_IN_FIELDS)
      if (spec[word] !== undefined) fault([...at.flatMap((name) => ['fields', name]), word], new Error(`${word}: does not go with many:`));
}

const INSTEAD = 'which items are the same is said by many.identity';
