// The value of an operation as the element it stands for: a value of a type with what stands beside it, or an element put together from parts.
// https://hl7.org/fhir/R4/fhirpatch.html
import { isElement } from '../element.ts';
import { rule, structure } from '../outcome.ts';
import { factsOf, type Member, type Node, present, propertiesOf, withContent } from './member.ts';

/** An element that is given. `key`: its name as it stands in JSON; `list`: whether it repeats, undefined where R4 is not known to say. */
export interface Given extends Member {
  key: string;
  list: boolean | undefined;
}

/** The value of a part as the element `name` of a type. `name` of a choice is without its type: `deceased`. */
export function givenIn(part: Node, owner: string | undefined, name: string): Given {
  const [valueX, ...others] = new Set(Object.keys(part).flatMap((key) => /^_?(value[A-Z].*)$/s.exec(key)?.[1] ?? []));
  if (others.length) throw structure('a value has one type');
  const key = factsOf(owner, `${name}[x]`) ? name + (valueX ?? '').slice('value'.length) : name;
  const facts = factsOf(owner, key);
  if (owner !== undefined && !facts) throw rule('there is no element of that name');
  const member = valueX === undefined ? assembled(part, facts?.types[0]) : { value: part[valueX], beside: part[`_${valueX}`] };
  if (member.value === null || member.beside === null) throw structure('a value is not null');
  return { key, list: facts?.list, ...member };
}

function assembled({ part }: Node, type: string | undefined): Member {
  if (!Array.isArray(part) || !part.every(isElement)) throw structure('a value has a type or parts');
  const given = Map.groupBy(
    part.map((one) => givenIn(one, type, String(one.name))),
    ({ key }) => key,
  );
  const properties = [...given].flatMap(([key, members]) => Object.entries(propertiesOf(key, { members, list: repeats(members) })));
  return withContent(type, { value: undefined, beside: undefined }, present(Object.fromEntries(properties)));
}

function repeats(given: Given[]): boolean {
  const { list = false } = given[0]!;
  if (given.length > 1 && !list) throw rule('a value has two of an element that does not repeat');
  return list;
}
