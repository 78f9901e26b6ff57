// All faults that can be planted in one mapping, from its own content: generic over every mapping.
import type { WritablePath } from '../../src/fhir/writable-path/path.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import type { FieldSpec, MappingSpec } from '../../src/mapping/spec.ts';
import { FIELD_CHANGES } from './field-changes.ts';
import { listMappingChanges, type PlacedChange } from './mapping-changes.ts';
import { applyChange, type Mutant } from './mutant.ts';
import { listPathMutations, type PathContext } from './path-changes.ts';

/** Every mutant of a mapping, each once, in the order of its file. */
export function listMutants(loaded: LoadedShape): Mutant[] {
  const { content } = loaded.mapping;
  const changes = [...listMappingChanges(content), ...listFieldChanges(content.fields, ['fields']), ...listPathChanges(loaded)];
  const named = changes.map(({ keys, change }): [string, Mutant] => {
    const name = `${keys.join('.')}: ${change.what}`;
    return [name, { name, content: applyChange<MappingSpec>(content, keys, change.value) }];
  });
  return [...new Map(named).values()];
}

function listFieldChanges(fields: Record<string, FieldSpec>, keys: string[]): PlacedChange[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const own = [...keys, name];
    const words = Object.entries(FIELD_CHANGES).flatMap(([word, changesOf]) => {
      if (!(word in field)) return [];
      const found = (changesOf as (value: unknown, field: FieldSpec) => PlacedChange[])(field[word as keyof FieldSpec], field);
      return found.map((change) => ({ keys: [...own, word, ...change.keys], change: change.change }));
    });
    return [...words, ...(field.fields ? listFieldChanges(field.fields, [...own, 'fields']) : [])];
  });
}

/** Keys that lead to a path, below a mapping. */
const PATHS =
  /^(?:fields\.(?:\w+\.fields\.)*\w+\.(?:fhir|at|list|each|link\.to|own\.\w+|derived\.(?!as$)\w+|exists\.agrees\.\w+)(?:\.\d+)?|let\.\w+(?:\.elementHas|\.first\.\d+)?|row\.(?:elements|by)|with\.\w+\.(?:owner|to)(?:\.\d+)?|also\.\d+\.(?:fhir|copyOf|while))$/;

function listPathChanges(loaded: LoadedShape): PlacedChange[] {
  const { content } = loaded.mapping;
  const texts = leavesOf(content, []).filter(({ keys }) => PATHS.test(keys.join('.')));
  const literals = [...new Set(texts.flatMap(({ text }) => [...text.matchAll(/='([^']*)'/g)].map(([, word]) => word!)))];
  return texts.flatMap(({ keys, text }) =>
    listPathMutations(text, contextOf(loaded, { keys, literals })).map((change) => ({ keys, change })),
  );
}

function leavesOf(node: unknown, keys: string[]): { keys: string[]; text: string }[] {
  if (typeof node === 'string') return [{ keys, text: node }];
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => leavesOf(value, [...keys, key]));
}

const below = ({ at, list }: FieldSpec): string[] => [(at ?? list)!].filter((text) => text !== '$this');

/** A path inside of an object starts below that object's own. */
function contextOf({ lens, mapping, surface }: LoadedShape, { keys, literals }: { keys: string[]; literals: string[] }): PathContext {
  const { resource, fields } = mapping.content;
  const above = keys.filter((_, index) => index > 0 && keys[index - 1] === 'fields' && keys[0] === 'fields').slice(0, -1);
  const start = above.reduce<{ at: string[]; fields: Record<string, FieldSpec> }>(
    ({ at, fields: inner }, name) => ({ at: [...at, ...below(inner[name]!)], fields: inner[name]!.fields! }),
    { at: [], fields },
  ).at;
  const attempt = (text: string): WritablePath | undefined => {
    try {
      return lens.names.compile([...start, text].join('.'));
    } catch {
      return undefined;
    }
  };
  return { compile: attempt, resource, aliases: Object.keys(surface.content.systems), literals };
}
