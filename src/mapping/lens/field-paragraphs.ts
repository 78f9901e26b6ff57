// A text that several elements hold, shown as one: its paragraphs. Written, it is taken apart again, and an element whose words stay keeps what else it says
// (whose words they are, and when). So nothing stands behind the text that is shown, and unsetting it takes away what was seen and nothing else.
import type { FieldMaker } from './field.ts';
import { listField } from './field-list.ts';

const BETWEEN = '\n\n';

export const paragraphsField: FieldMaker = (name, { as: _, ...spec }, context) => {
  if (spec.each === undefined) throw new Error('as: paragraphs shows a text of each element: say which, as in each: text');
  const list = listField(name, { ...spec, type: 'string[]' }, context);
  return {
    ...list,
    spec: { ...spec, as: 'paragraphs' },
    stores: (value, env) => list.stores(apart(value as string, []), env),
    show: (now) => (list.show(now) as string[] | undefined)?.join(BETWEEN),
    assign(value, now, changes) {
      const known = (list.show(now) ?? []) as string[];
      list.assign(value === undefined ? [] : apart(value as string, known), now, changes);
    },
  };
};

/** The texts that make this one: those that stand already where it has them, else its paragraphs. A blank one is no text of its own. */
function apart(text: string, known: readonly string[]): string[] {
  const parts: string[] = [];
  for (let rest: string | undefined = text; rest !== undefined; ) {
    const next: string = known.find((one) => rest === one || rest!.startsWith(one + BETWEEN)) ?? rest.split(BETWEEN, 1)[0]!;
    parts.push(next);
    rest = rest.length > next.length ? rest.slice(next.length + BETWEEN.length) : undefined;
  }
  return parts.some((part) => part.trim() === '') ? [text] : parts;
}
