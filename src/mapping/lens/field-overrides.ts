// A field that is also shown from what others say (a patient's usual name): unset, it leaves that to them, and keeps what it does not want to be shown from
// it. What they say otherwise from then on is shown again.
import type { Field, FieldContext, ResourceState } from './field.ts';

/** `text`: the path to what is not wanted. */
export function withSuppressedFallback(field: Field, text: string, context: FieldContext): Field {
  if (field.paths.length < 2)
    throw new Error('declined: is for a field that others say something of: fhir: needs further paths, or leave it out');
  if (field.spec.required) throw new Error('declined: a field that is required is never unset: leave it out');
  const declined = context.names.compile(text);
  const [slot, ownSlot] = [context.slot(declined), context.slot(field.paths[0]!)];
  const othersSay = ({ slots, env }: ResourceState): unknown => field.read({ slots: slots.with(ownSlot, []), env });
  return {
    ...field,
    writtenPaths: [...field.writtenPaths, declined],
    read(now) {
      const shown = field.read(now);
      const isOthers = now.slots[ownSlot]!.length === 0;
      return isOthers && shown !== undefined && shown === now.slots[slot]![0] ? undefined : shown;
    },
    assign(value, now, changes) {
      field.assign(value, now, changes);
      const others = value === undefined ? othersSay(now) : undefined;
      changes[slot] = others === undefined ? [] : [others];
    },
  };
}

/** `field` is the shared one. `own`: where the item's word stands, and what the shared one said beside it. */
export function withItemOverride(field: Field, own: { word: string; beside: string }, context: FieldContext): Field {
  if (!field.spec.required) throw new Error('own: is for a field that is required: a missing word would be the shared one');
  const word = context.names.compile(own.word);
  const beside = context.names.compile(own.beside);
  const [wordSlot, besideSlot] = [context.slot(word), context.slot(beside)];
  return {
    ...field,
    writtenPaths: [...field.writtenPaths, word, beside],
    toStored: (value, env) => [...field.toStored(value, env), { type: word.type, value }],
    read(now) {
      const shared = field.read(now);
      const [mine] = now.slots[wordSlot]!;
      const holds = mine !== undefined && (shared === undefined || shared === now.slots[besideSlot]![0]);
      return holds ? mine : shared;
    },
    assign(value, now, changes) {
      const shared = field.read(now);
      const differs = shared !== undefined && shared !== value;
      if (shared === undefined) field.assign(value, now, changes);
      changes[wordSlot] = differs ? [value] : [];
      changes[besideSlot] = differs ? [shared] : [];
    },
  };
}
