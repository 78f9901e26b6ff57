// The values of a view by the names of its fields (`patient.last_name`, `phones[0].number`).
/** What a face has for each field. */
interface TracedField {
  name: string;
  mapping: string;
  elements: { path: string; resource?: string }[];
}

export interface FieldValue {
  name: string;
  /** Undefined: the view leaves the field out. */
  value: unknown;
  /** The elements that it is read from now: of another resource with its name. */
  elements: string[];
  mapping: string;
}

/** A list of objects is shown by the fields of its members. */
export const listFieldValues = ({ view, fields = [] }: { view?: object; fields?: TracedField[] }): FieldValue[] =>
  fields
    .filter(({ name }) => !fields.some((other) => other.name.startsWith(`${name}[`)))
    .map(({ name, elements, mapping }) => ({
      name,
      value: readField(view, name),
      elements: elements.map(({ path, resource }) => (resource === undefined ? path : `${resource}: ${path}`)),
      mapping,
    }));

function readField(view: unknown, name: string): unknown {
  return name.split(/[.[\]]+/).reduce<unknown>((at, key) => {
    if (typeof at !== 'object' || at === null || key === '') return key === '' ? at : undefined;
    return (at as Record<string, unknown>)[key];
  }, view);
}
