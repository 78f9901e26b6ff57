// A word of an item's own for what all items of a resource share: kept beside the shared one as that stood then, and shown while it stands so. Nobody's item
// changes because another one is written, and what somebody corrects in the shared place is shown by all.
import type { Field, FieldContext } from './field.ts';

/** `field` is the shared one. `own`: where the item's word stands, and what the shared one said beside it. */
export function withOwnWord(field: Field, own: { word: string; beside: string }, context: FieldContext): Field {
  if (!field.spec.required) throw new Error('own: is for a field that is required: a missing word would be the shared one');
  const word = context.names.path(own.word);
  const beside = context.names.path(own.beside);
  const [wordSlot, besideSlot] = [context.slot(word), context.slot(beside)];
  return {
    ...field,
    written: [...field.written, word, beside],
    stores: (value, env) => [...field.stores(value, env), { type: word.type, value }],
    show(now) {
      const shared = field.show(now);
      const [mine] = now.slots[wordSlot]!;
      const holds = mine !== undefined && (shared === undefined || shared === now.slots[besideSlot]![0]);
      return holds ? mine : shared;
    },
    assign(value, now, changes) {
      const shared = field.show(now);
      const differs = shared !== undefined && shared !== value;
      if (shared === undefined) field.assign(value, now, changes);
      changes[wordSlot] = differs ? [value] : [];
      changes[besideSlot] = differs ? [shared] : [];
    },
  };
}
