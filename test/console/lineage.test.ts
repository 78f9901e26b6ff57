// What the faces view highlights, over the examples of every mapping: exactly what the server's lineage says, from elements to fields and back. That the server's lineage is
// right is tested in test/mapping/lineage.test.ts.
import { buildFaces, type Face, type Faces } from '../../src/console/api/faces-data.ts';
import { findElementHighlight, findFieldHighlight, findHighlights, isUnshown } from '../../src/console/views/faces/lineage.ts';
import { formatElementPath } from '../../src/faces/element-path.ts';
import { listUnshownElements } from '../../src/faces/unshown-elements.ts';
import { isContainer, type PathKey } from '../../src/fhir/json-tree.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import { distributeJoins } from '../../src/mapping/query/joins.ts';
import type { ElementPlace, TracedField } from '../../src/mapping/shape.ts';
import { type Case, casesOf } from '../mapping/example-cases.ts';
import { buildExampleEnv, everyShape, examplesOf } from '../mapping/examples.ts';

/** A face with the server's lineage of its fields. */
interface TracedFace {
  key: string;
  fields: TracedField[];
}

const toBody = ({ owner, keys }: ElementPlace) => ({ path: formatElementPath(keys), ...(owner !== '' && { resource: owner }) });

/** The face of the example, and those of all other shapes of its world that show the resource without joined ones. */
function traceFaces(loaded: LoadedShape, { resource, env }: Case, all: readonly LoadedShape[]): TracedFace[] {
  const others = all.filter(({ shape, lens }) => shape.resource === resource.resourceType && !lens.rows && shape !== loaded.shape);
  return [{ key: 'own/shape', fields: loaded.shape.trace(resource, env) }].concat(
    others.map((other, at) => ({
      key: `other/${at}`,
      fields: other.shape.trace(resource, buildExampleEnv(distributeJoins(resource, other.shape.joins, {}))),
    })),
  );
}

/** As the page gets them. */
function buildPageFaces({ resource }: Case, traced: TracedFace[]): Faces {
  const body = (fields: TracedField[]) =>
    fields.map(({ name, paths, declaredAt, elements, conditions }) => ({
      ...{ name, fhir: paths, mapping: declaredAt },
      ...{ elements: elements.map(toBody), conditions: conditions.map(toBody) },
    }));
  const unshown = listUnshownElements(
    resource,
    traced.flatMap(({ fields }) => fields),
  );
  const built = buildFaces(resource.resourceType, '1', { resource, version: '1', faces: {}, unshown }, { resource: {} });
  const faces = traced.map(({ key, fields }): Face => {
    const [surface, shape] = key.split('/') as [string, string];
    return { key, surface, shape, path: '', isEditable: false, view: {}, fields: body(fields), needs: [] };
  });
  return { ...built, faces };
}

const startsWith = (keys: readonly PathKey[], others: readonly PathKey[]): boolean => others.every((key, at) => keys[at] === key);
/** Whether one element is the other, or in it. */
const overlaps = (one: readonly PathKey[], other: readonly PathKey[]): boolean => startsWith(one, other) || startsWith(other, one);
const listOwn = (places: ElementPlace[]): PathKey[][] => places.filter(({ owner }) => owner === '').map(({ keys }) => keys);

/** Every element of a resource, with those that contain others. */
const listPlaces = (value: unknown, at: PathKey[] = []): PathKey[][] => [
  ...(at.length > 0 && at[0] !== 'resourceType' ? [at] : []),
  ...(isContainer(value)
    ? Object.entries(value).flatMap(([key, inner]) => listPlaces(inner, [...at, Array.isArray(value) ? Number(key) : key]))
    : []),
];

/** What an element must highlight: `face field kind`. */
const expectFields = (traced: TracedFace[], keys: PathKey[]): string[] =>
  traced.flatMap(({ key, fields }) =>
    fields.flatMap(({ name, elements, conditions }) => {
      if (listOwn(elements).some((shown) => overlaps(shown, keys))) return [`${key} ${name} shows`];
      return listOwn(conditions).some((deciding) => overlaps(deciding, keys)) ? [`${key} ${name} decides`] : [];
    }),
  );

/** What a field must highlight: the elements that it shows, those that decide, and all fields that show the same. */
function expectOfField(
  traced: TracedFace[],
  { key, field }: { key: string; field: TracedField },
): { elements: string[]; fields: string[] } {
  const [shown, deciding] = [listOwn(field.elements), listOwn(field.conditions)];
  const isShown = (path: string): boolean => shown.some((keys) => formatElementPath(keys) === path);
  const others = traced.flatMap(({ key: other, fields }) =>
    fields
      .filter(({ elements }) => listOwn(elements).some((one) => shown.some((keys) => overlaps(one, keys))))
      .map(({ name }) => `${other} ${name} shows`),
  );
  return {
    elements: [
      ...shown.map((keys) => `${formatElementPath(keys)} shows`),
      ...deciding
        .map((keys) => formatElementPath(keys))
        .filter((path) => !isShown(path))
        .map((path) => `${path} decides`),
    ],
    fields: [...new Set([`${key} ${field.name} shows`, ...others])],
  };
}

const listFields = ({ list }: ReturnType<typeof findHighlights>): string[] =>
  list.map(({ face, field, kind }) => `${face.key} ${field.name} ${kind}`).sort();

const worldOf = (loaded: LoadedShape): LoadedShape[] =>
  everyShape.filter(([, , world]) => world.shapes.includes(loaded)).map(([, one]) => one);

/** What the examples contain, so that no kind of field is left out. */
const counts = { fields: 0, members: 0, decided: 0, joined: 0, withoutElement: 0 };

describe.each(everyShape)('%s', (_name, loaded) => {
  const cases = examplesOf(loaded).flatMap((example) => casesOf(loaded, example));

  test.each(cases.map((one, at) => [`${at + 1} ${one.title}`, one] as const))('%s', (_title, one) => {
    const traced = traceFaces(loaded, one, worldOf(loaded));
    const faces = buildPageFaces(one, traced);
    const places = listPlaces(one.resource);
    for (const keys of places) {
      const path = formatElementPath(keys);
      const highlights = findHighlights(faces, { path });
      expect({ path, fields: listFields(highlights) }).toEqual({ path, fields: expectFields(traced, keys).sort() });
      expect({ path, kind: findElementHighlight(highlights, path) }).toEqual({ path, kind: 'shows' });
      for (const { face, field, kind } of highlights.list) expect(findFieldHighlight(highlights, face, field.name)).toBe(kind);
      if (isUnshown(faces, path))
        expect({ path, shown: highlights.list.filter(({ kind }) => kind === 'shows') }).toEqual({ path, shown: [] });
    }
    for (const field of traced[0]!.fields) {
      const target = { face: traced[0]!.key, path: field.name };
      const highlights = findHighlights(faces, target);
      const { elements, fields } = expectOfField(traced, { key: target.face, field });
      const found = [...highlights.elements].map(([path, kind]) => `${path} ${kind}`).sort();
      expect({ target, elements: found }).toEqual({ target, elements: [...new Set(elements)].sort() });
      expect({ target, fields: listFields(highlights) }).toEqual({ target, fields: fields.sort() });
      counts.fields++;
      if (/\[\d+\]\./.test(field.name)) counts.members++;
      if (listOwn(field.conditions).length) counts.decided++;
      if (field.elements.some(({ owner }) => owner !== '')) counts.joined++;
      if (field.elements.length === 0) counts.withoutElement++;
    }
  });
});

test('the examples have fields of members of lists, fields that other elements decide, fields of joined resources, and fields without an element', () => {
  expect(Object.entries(counts).filter(([, count]) => count < 20)).toEqual([]);
});
