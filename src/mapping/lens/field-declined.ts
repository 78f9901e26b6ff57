// A field that is also shown from what others say (a patient's usual name): unset, it leaves that to them, and keeps what it does not want to be shown from
// it. What they say otherwise from then on is shown again.
import type { Field, FieldContext, Now } from './field.ts';

/** `text`: the path to what is not wanted. */
export function withDeclined(field: Field, text: string, context: FieldContext): Field {
  if (field.paths.length < 2)
    throw new Error('declined: is for a field that others say something of: fhir: needs further paths, or leave it out');
  if (field.spec.required) throw new Error('declined: a field that is required is never unset: leave it out');
  const declined = context.names.path(text);
  const [slot, ownSlot] = [context.slot(declined), context.slot(field.paths[0]!)];
  const othersSay = ({ slots, env }: Now): unknown => field.show({ slots: slots.with(ownSlot, []), env });
  return {
    ...field,
    written: [...field.written, declined],
    show(now) {
      const shown = field.show(now);
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
