// Names of a shape in documents and types: `lab-order` is "a lab order", "lab orders", and the schema LabOrder.
import type { Shape } from '../shape.ts';

/** Schema names: of the item in responses, and of the bodies of create, PATCH and PUT. */
export const toSchemaNames = ({ name }: Pick<Shape, 'name'>): { item: string; request: string; change: string; replacement: string } => {
  const item = toPascalCase(name);
  return { item, request: `${item}Request`, change: `${item}Change`, replacement: `${item}Replacement` };
};

/** `clinician-profile` → `ClinicianProfile`. */
export const toPascalCase = (name: string): string => name.replace(/(?:^|[-_ ])(\w)/g, (_, letter: string) => letter.toUpperCase());

/** In words: one item, and several by the name in the route. */
export function describeItems({ name, path, batch, take }: Pick<Shape, 'name' | 'path' | 'batch' | 'take'>): { one: string; many: string } {
  const singular = name.replaceAll('-', ' ');
  const [last = ''] = path.match(/\/[^/{]+(?=(\/\{\w+\})*$)/) ?? [];
  const plural = batch?.listField.replaceAll('_', '-') ?? (take === 'first' ? name : last.slice(1));
  return { one: `${/^[aeiou]/.test(singular) ? 'an' : 'a'} ${singular}`, many: plural.replaceAll('-', ' ') };
}
