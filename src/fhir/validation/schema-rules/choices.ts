// `choices`: of a choice element (`value[x]`) at most one type stands in an object, and one at least when it is required.
// https://hl7.org/fhir/R4/formats.html#choice
import type { Element } from '../../element.ts';
import type { InvariantPredicate } from '../invariants/element.ts';
import { buildFault, type SchemaRule } from './rule.ts';

/** `name`: without `[x]`; `of`: the names it has in JSON. */
interface Choice {
  name: string;
  required: boolean;
  of: string[];
}

export const choicesRule: SchemaRule<Choice[]> = {
  check(all) {
    const checks = all.map(buildChoiceCheck);
    return (element, root) => checks.every((check) => check(element, root));
  },
  explain(all, element) {
    return all.flatMap((choice) => {
      const present = choice.of.filter((name) => name in element || `_${name}` in element);
      if (present.length > 1) return [buildFault('structure', `${choice.name}[x] may be of one type only`, present[1]!)];
      return choice.required && present.length === 0 ? [buildFault('required', `${choice.name}[x] is required`, choice.name)] : [];
    });
  },
};

function buildChoiceCheck({ required, of }: Choice): InvariantPredicate {
  const names = new Map(of.flatMap((name) => [[name, name] as const, [`_${name}`, name] as const]));
  return (element: Element) => {
    let found: string | undefined;
    for (const key in element) {
      const name = names.get(key);
      if (name === undefined || name === found) continue;
      if (found !== undefined) return false;
      found = name;
    }
    return !required || found !== undefined;
  };
}
