// Which element is shown by which field: what is lit when the user points at one of them.
import type { FaceField } from '../../api/faces-body.ts';
import type { Face, Faces } from './faces-data.ts';

/** What the user points at: a place in the FHIR resource, or in the view of a face. */
export interface Target {
  /** Undefined: the FHIR resource. */
  face?: string | undefined;
  path: string;
}

/** `shows`: it is read from there, or shown there. `decides`: it decides what is shown. */
export type Light = 'shows' | 'decides';

export interface LitField {
  face: Face;
  field: FaceField;
  light: Light;
}

export interface Lit {
  /** Path of an element of the resource → its light. */
  elements: Map<string, Light>;
  /** Face → the name of a field → its light. */
  fields: Map<string, Map<string, Light>>;
  /** The same fields, those that show the element first. */
  list: LitField[];
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

/** What belongs to a target. A field lights its elements, and with them all other fields that show the same; an element lights the fields that show it. */
export function light(faces: Faces, target: Target): Lit {
  const face = faces.faces.find(({ key }) => key === target.face);
  return target.face === undefined || !face ? lightFields(faces, [target.path]) : lightElements(faces, findFields(face, target.path), face);
}

function lightElements(faces: Faces, fields: FaceField[], own: Face): Lit {
  const elements = new Map<string, Light>();
  for (const { path } of fields.flatMap(listOwnConditions)) elements.set(path, 'decides');
  for (const { path } of fields.flatMap(listOwnElements)) elements.set(path, 'shows');
  const shown = [...elements].filter(([, kind]) => kind === 'shows').map(([path]) => path);
  const others = shown.length ? lightFields(faces, shown).list.filter((one) => one.light === 'shows' && !fields.includes(one.field)) : [];
  return { elements, ...collect([...fields.map((field): LitField => ({ face: own, field, light: 'shows' })), ...others]) };
}

function lightFields({ faces }: Faces, paths: string[]): Lit {
  const isAmong = ({ path }: { path: string }): boolean => paths.some((one) => overlaps(path, one));
  const list = faces.flatMap((face) =>
    face.fields.flatMap((field): LitField[] => {
      if (listOwnElements(field).some(isAmong)) return [{ face, field, light: 'shows' }];
      return listOwnConditions(field).some(isAmong) ? [{ face, field, light: 'decides' }] : [];
    }),
  );
  return { elements: new Map(paths.map((path) => [path, 'shows'])), ...collect(list) };
}

const listOwnElements = ({ elements }: FaceField) => elements.filter(({ resource }) => resource === undefined);
const listOwnConditions = ({ conditions }: FaceField) => conditions.filter(({ resource }) => resource === undefined);

function collect(list: LitField[]): Pick<Lit, 'fields' | 'list'> {
  const fields: Lit['fields'] = new Map();
  for (const { face, field, light: kind } of list) {
    const own = fields.get(face.key) ?? new Map<string, Light>();
    fields.set(face.key, own.set(field.name, kind));
  }
  return { fields, list: list.sort((one, other) => Number(one.light === 'decides') - Number(other.light === 'decides')) };
}

/** The light of a place in the resource. */
export function findElementLight({ elements }: Lit, path: string): Light | undefined {
  const around = [...elements].filter(([lit]) => isWithin(path, lit));
  return around.find(([, kind]) => kind === 'shows')?.[1] ?? around[0]?.[1];
}

/** The light of a place in a view: that of its innermost field. */
export function findFieldLight({ fields }: Lit, face: Face, path: string): Light | undefined {
  const own = fields.get(face.key);
  if (!own) return undefined;
  const [innermost] = face.fields.filter(({ name }) => isWithin(path, name)).sort((one, other) => other.name.length - one.name.length);
  return innermost && own.get(innermost.name);
}

/** Whether no face shows a place. */
export const isUnshown = ({ unshown }: Pick<Faces, 'unshown'>, path: string): boolean => unshown.some((one) => isWithin(path, one));
