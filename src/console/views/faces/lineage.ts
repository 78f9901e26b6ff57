// Which element is shown by which field: what is highlighted when the user points at one of them.
import type { FaceField } from '../../api/faces-body.ts';
import type { Face, Faces } from '../../api/faces-data.ts';

/** What the user points at: a place in the FHIR resource, or in the view of a face. */
export interface Target {
  /** Undefined: the FHIR resource. */
  face?: string | undefined;
  path: string;
}

/** `shows`: it is read from there, or shown there. `decides`: it decides what is shown. */
export type HighlightKind = 'shows' | 'decides';

export interface HighlightedField {
  face: Face;
  field: FaceField;
  kind: HighlightKind;
}

export interface Highlights {
  /** Path of an element of the resource → its kind. */
  elements: Map<string, HighlightKind>;
  /** Face → the name of a field → its kind. */
  fields: Map<string, Map<string, HighlightKind>>;
  /** The same fields, those that show the element first. */
  list: HighlightedField[];
}

/** Whether a path is that of an element in another one, or the same. */
const isWithin = (path: string, outer: string): boolean =>
  path === outer || outer === '' || (path.startsWith(outer) && '.['.includes(path[outer.length]!));

const overlaps = (one: string, other: string): boolean => isWithin(one, other) || isWithin(other, one);

/** The fields of a place in a view: the innermost field around it, or else all fields in it. */
export function findFields({ fields }: Pick<Face, 'fields'>, path: string): FaceField[] {
  const around = fields.filter(({ name }) => isWithin(path, name)).sort((one, other) => other.name.length - one.name.length);
  return around.length ? around.slice(0, 1) : fields.filter(({ name }) => isWithin(name, path));
}

/** What belongs to a target. A field highlights its elements, and with them all other fields that show the same; an element highlights the fields that show it. */
export function findHighlights(faces: Faces, target: Target): Highlights {
  const face = faces.faces.find(({ key }) => key === target.face);
  return target.face === undefined || !face
    ? highlightFields(faces, [target.path])
    : highlightElements(faces, findFields(face, target.path), face);
}

function highlightElements(faces: Faces, fields: FaceField[], own: Face): Highlights {
  const elements = new Map<string, HighlightKind>();
  for (const { path } of fields.flatMap(listOwnConditions)) elements.set(path, 'decides');
  for (const { path } of fields.flatMap(listOwnElements)) elements.set(path, 'shows');
  const shown = [...elements].filter(([, kind]) => kind === 'shows').map(([path]) => path);
  const others = shown.length
    ? highlightFields(faces, shown).list.filter((one) => one.kind === 'shows' && !fields.includes(one.field))
    : [];
  return { elements, ...collect([...fields.map((field): HighlightedField => ({ face: own, field, kind: 'shows' })), ...others]) };
}

function highlightFields({ faces }: Faces, paths: string[]): Highlights {
  const isAmong = ({ path }: { path: string }): boolean => paths.some((one) => overlaps(path, one));
  const list = faces.flatMap((face) =>
    face.fields.flatMap((field): HighlightedField[] => {
      if (listOwnElements(field).some(isAmong)) return [{ face, field, kind: 'shows' }];
      return listOwnConditions(field).some(isAmong) ? [{ face, field, kind: 'decides' }] : [];
    }),
  );
  return { elements: new Map(paths.map((path) => [path, 'shows'])), ...collect(list) };
}

const listOwnElements = ({ elements }: FaceField) => elements.filter(({ resource }) => resource === undefined);
const listOwnConditions = ({ conditions }: FaceField) => conditions.filter(({ resource }) => resource === undefined);

function collect(list: HighlightedField[]): Pick<Highlights, 'fields' | 'list'> {
  const fields: Highlights['fields'] = new Map();
  for (const { face, field, kind } of list) {
    const own = fields.get(face.key) ?? new Map<string, HighlightKind>();
    fields.set(face.key, own.set(field.name, kind));
  }
  return { fields, list: list.sort((one, other) => Number(one.kind === 'decides') - Number(other.kind === 'decides')) };
}

/** How a place in the resource is highlighted. */
export function findElementHighlight({ elements }: Highlights, path: string): HighlightKind | undefined {
  const around = [...elements].filter(([element]) => isWithin(path, element));
  return around.find(([, kind]) => kind === 'shows')?.[1] ?? around[0]?.[1];
}

/** How a place in a view is highlighted: as its innermost field. */
export function findFieldHighlight({ fields }: Highlights, face: Face, path: string): HighlightKind | undefined {
  const own = fields.get(face.key);
  if (!own) return undefined;
  const [innermost] = face.fields.filter(({ name }) => isWithin(path, name)).sort((one, other) => other.name.length - one.name.length);
  return innermost && own.get(innermost.name);
}

/** Whether no face shows a place. */
export const isUnshown = ({ unshown }: Pick<Faces, 'unshown'>, path: string): boolean => unshown.some((one) => isWithin(path, one));
