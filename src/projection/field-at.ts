// Which of the vendor's fields a FHIRPath expression speaks of: what FHIR refuses is told in the vendor's own words.
import type { Field } from './field.ts';
import type { Shape } from './shape.ts';

/** `fieldAt` of a shape: by the whole path, else by the names of the elements, else by what is above or below; never a guess between two fields. */
export function fieldAtOf(resource: string, leaves: Field[]): Shape['fieldAt'] {
  const places = leaves.flatMap((field) =>
    field.written.flatMap(({ text }) => placesOf(resource, text).map((place) => ({ name: field.at.join('.'), ...place }))),
  );
  return (expression) => {
    const [wanted] = placesOf('', expression);
    return (
      only(places.filter(({ text }) => text === wanted!.text)) ??
      only(places.filter((place) => place.names === wanted!.names && agree(place.text, wanted!.text))) ??
      only(places.filter(({ names }) => names.startsWith(`${wanted!.names}.`) || wanted!.names.startsWith(`${names}.`)))
    );
  };
}

/** Two paths by the same names speak of the same element unless each has conditions of its own: the phone is not the e-mail. */
const agree = (a: string, b: string): boolean => !a.includes('(') || !b.includes('(');

const only = (found: { name: string }[]): string | undefined => {
  const names = new Set(found.map(({ name }) => name));
  return names.size === 1 ? [...names][0] : undefined;
};

/** A path from its resource type, with and without its conditions; one into a contained resource also from that one's type. */
function placesOf(resource: string, path: string): { text: string; names: string }[] {
  const plain = path.replace(/\[\d+\]|\.(?:first\(\)|skip\(\d+\))/g, '');
  const whole = resource === '' ? plain : `${resource}.${plain}`;
  const inner = /^contained\.ofType\((\w+)\)(?:\.where\([^()]*\))?(\..*)$/.exec(plain);
  return [whole, ...(inner ? [`${inner[1]}${inner[2]}`] : [])].map((text) => ({ text, names: withoutConditions(text) }));
}

/** `telecom.where(system='phone').value` → `telecom.value`; a choice is named without its type. */
function withoutConditions(text: string): string {
  const next = text
    .replace(/\.?(?:where|ofType|extension)\([^()]*\)/g, (found) => (found.includes('extension') ? '.extension' : ''))
    .replace(/\w+\([^()]*\)/g, '');
  return next === text ? text.replace(/^\./, '') : withoutConditions(next);
}
