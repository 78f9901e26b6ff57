// A yes that may be said in more than one way (`as: is`, written): deceased as a boolean, or as the time of death, which another field has.
import type { Field, FieldMaker } from './field.ts';
import { scalarField } from './field-scalar.ts';

/** The first path is the plain answer. A yes that another path gives is left to it; when that goes, the plain answer takes its place. */
export const whetherField: FieldMaker = (name, spec, context) => {
  const field: Field = scalarField(name, spec, context);
  const [plain, ...others] = field.paths;
  if (plain?.type !== 'boolean') throw new Error('as: is can be written only where its first path leads to a boolean');
  const slot = context.slot(plain);
  const ways = [slot, ...others.map((path) => context.slot(path))];
  return {
    ...field,
    settle(value, { slots }, changes) {
      const said = ways.some((way) => (changes[way] ?? slots[way]!).some((one) => one !== false));
      if (value === true && !said) changes[slot] = [true];
    },
  };
};
