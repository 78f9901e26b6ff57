// Fields that show a fallback value unless they have their own: with fallback paths (`declined:`), or with a value shared by several items (`own:`).
import type { Field, FieldContext, ResourceState } from './field.ts';

/**
 * A field that also shows the value of a fallback path (a patient's usual name). Unsetting it stores the current fallback value at `text`, and hides exactly that
 * value: another fallback value is shown again.
 */
export function withSuppressedFallback(field: Field, text: string, context: FieldContext): Field {
  if (field.paths.length < 2) throw new Error('declined: needs fallback paths in fhir:, or remove it');
  if (field.spec.required) throw new Error('declined: a required field is never unset: remove it');
  const declined = context.names.compile(text);
  const [slot, ownSlot] = [context.slot(declined), context.slot(field.paths[0]!)];
  const othersSay = ({ slots, env }: ResourceState): unknown => field.read({ slots: slots.with(ownSlot, []), env });
  return {
    ...field,
    writtenPaths: [...field.writtenPaths, declined],
    read(now) {
      const current = field.read(now);
      const isOthers = now.slots[ownSlot]!.length === 0;
      return isOthers && current !== undefined && current === now.slots[slot]![0] ? undefined : current;
    },
    assign(value, now, changes) {
      field.assign(value, now, changes);
      const others = value === undefined ? othersSay(now) : undefined;
      changes[slot] = others === undefined ? [] : [others];
    },
  };
}

/**
 * A field whose value all items of a resource share. An item that differs keeps its own value at `own.word`, and the shared value of that time at `own.beside`.
 * Its own value is shown until the shared one changes, so writing one item never changes another, and a correction of the shared value reaches all.
 */
export function withItemOverride(field: Field, own: { word: string; beside: string }, context: FieldContext): Field {
  if (!field.spec.required) throw new Error('own: needs a required field: an item without a value of its own shows the shared value');
  const word = context.names.compile(own.word);
  const besidePath = context.names.compile(own.beside);
  const [wordSlot, besideSlot] = [context.slot(word), context.slot(besidePath)];
  return {
    ...field,
    writtenPaths: [...field.writtenPaths, word, besidePath],
    toStored: (value, env) => [...field.toStored(value, env), { type: word.type, value }],
    read(now) {
      const shared = field.read(now);
      const [ownElement] = now.slots[wordSlot]!;
      const holds = ownElement !== undefined && (shared === undefined || shared === now.slots[besideSlot]![0]);
      return holds ? ownElement : shared;
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
