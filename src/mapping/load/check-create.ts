// Checks at start of creates: of many items by one request (`many:`), and of derived codes (`follows:`).

import { formatKnownNames } from '../../fhir/closest-name.ts';
import type { Report } from '../diagnostics.ts';
import { CODE_DERIVATIONS } from '../lens/code-derivations.ts';
import type { Lens } from '../lens/lens.ts';
import { isWritableIn } from '../request/json-schema.ts';
import type { MappingSpec } from '../spec.ts';

/** Keywords that handle items one by one. */
const APART = ['port', 'row', 'into', 'unique'] as const;
const APART_IN_FIELDS = ['link', 'shares', 'instead'] as const;

export function checkMany(lens: Lens, mapping: MappingSpec, fault: Report): void {
  const { many, interactions } = mapping;
  if (!many) return;
  const { list, fields, least = 1, most, identity = [] } = many;
  const writable = lens.fields.filter(isWritableIn('create')).map(({ name }) => name);
  const unasked = (names: string[]): string | undefined => names.find((name) => !writable.includes(name));
  const report = (word: string, problem: string | false | undefined): void => {
    if (problem) fault(['many', word], new Error(problem));
  };
  const noField = (name: string | undefined) => name && `no request has the field ${name}${formatKnownNames(name, writable)}`;
  report('list', lens.fields.some(({ name }) => name === list) && `${list} is a field of each item: the list needs a name of its own`);
  report('fields', noField(unasked(fields)));
  report('identity', noField(unasked(identity)));
  report('most', most < least && `${most} is less than least (${least})`);
  if (!interactions.includes('create')) fault(['many'], new Error('it is for a create: add create to interactions'));
  for (const word of APART) if (mapping[word] !== undefined) fault([word], new Error(`${word}: cannot be combined with many: ${INSTEAD}`));
  for (const { spec, keyPath } of lens.leaves)
    for (const word of APART_IN_FIELDS)
      if (spec[word] !== undefined)
        fault([...keyPath.flatMap((name) => ['fields', name]), word], new Error(`${word}: cannot be combined with many:`));
}

const INSTEAD = 'many.identity defines which items are the same';

export function checkFollows(lens: Lens, { interactions }: MappingSpec, fault: Report): void {
  const fields = lens.fields.map(({ name }) => name);
  for (const { spec, keyPath } of [...lens.leaves, ...lens.lists.flatMap(({ leaves }) => leaves)]) {
    if (!spec.follows) continue;
    const keys = [...keyPath.flatMap((name) => ['fields', name]), 'follows'];
    const { as, ...parts } = spec.follows;
    const rule = Object.hasOwn(CODE_DERIVATIONS, as) ? CODE_DERIVATIONS[as] : undefined;
    const unknownPart =
      rule && (rule.names.find((part) => !(part in parts)) ?? Object.keys(parts).find((part) => !rule.names.includes(part)));
    const unknown = Object.values(parts).find((name) => !fields.includes(name));
    const problems = [
      !rule && `there is no derivation ${as}${formatKnownNames(as, Object.keys(CODE_DERIVATIONS))}`,
      unknownPart && `${as} has the parts ${rule.names.join(', ')}: ${unknownPart} is missing, or none of them`,
      unknown && `there is no field ${unknown}${formatKnownNames(unknown, fields)}`,
      keyPath.length > 1 && 'it is for a field that is not in an object',
      !spec.readOnly && 'requests do not have a derived code: the field must be readOnly',
      interactions.some((interaction) => interaction === 'update' || interaction === 'replace' || interaction === 'perform') &&
        'the code is derived when an item is created: a changed item would keep an outdated code',
    ];
    for (const problem of problems) if (problem) fault(keys, new Error(problem));
  }
}
