// Compiles the definition of a composite search parameter into its parts. https://hl7.org/fhir/R4/search.html#composite
import { hashParameterName } from '../hash.ts';
import {
  COMPONENT_KINDS,
  type ComponentKind,
  type CompositeComponent,
  type CompositePart,
  isCodedKind,
  type RangeColumn,
  type RangeKind,
} from '../indexing/indexed-parameter.ts';
import { buildTokenTraits, listElementTypes } from '../indexing/parameter-kinds.ts';
import type { Resource } from '../types.ts';
import { compileExpression } from './expression.ts';

/** The definition of a component: the kind, targets and implied code systems of its parameter, and the expression of its values in an occurrence. */
export interface ComponentDefinition {
  kind: string;
  targets: readonly string[];
  systems?: string[];
  expression: string;
}

type PlacedDefinition = ComponentDefinition & { kind: ComponentKind; column: RangeColumn | undefined };

/**
 * The parts of a composite parameter of a type. Throws an Error that names what cannot be indexed: a kind of component, two components that need the same columns
 * of a row, or an unsupported expression.
 */
export function compileCompositeParts(type: string, expression: string, definitions: readonly ComponentDefinition[]): CompositePart[] {
  if (definitions.length < 2) throw new Error('a composite needs two or more components');
  const placed = placeComponents(definitions);
  return splitUnion(expression).map((branch) => compileCompositePart(type, branch, placed));
}

/** Kind → the columns that a component of the kind can use: one of these lists. A quantity is stored as written and in its unit of comparison. */
const COLUMN_CHOICES: Record<RangeKind, readonly (readonly [RangeColumn, ...RangeColumn[]])[]> = {
  number: [['number'], ['measure']],
  quantity: [['number', 'measure']],
  date: [['date']],
  string: [['norm']],
};

/** Gives each range component its own columns of a row. */
function placeComponents(definitions: readonly ComponentDefinition[]): PlacedDefinition[] {
  const used = new Set<RangeColumn>();
  return definitions.map((definition) => {
    const { kind } = definition;
    if (!isComponentKind(kind)) throw new Error(`components of type ${kind} are not served`);
    if (isCodedKind(kind)) return { ...definition, kind, column: undefined };
    const columns = COLUMN_CHOICES[kind].find((choice) => choice.every((column) => !used.has(column)));
    if (!columns)
      throw new Error('a composite may have one component of type quantity or two of type number, one of type date and one of type string');
    for (const column of columns) used.add(column);
    return { ...definition, kind, column: columns[0] };
  });
}

/** The operands of a union. An expression with a text literal is not split. */
const splitUnion = (expression: string): string[] =>
  expression.includes("'") ? [expression] : expression.split('|').map((branch) => branch.trim());

const isComponentKind = (kind: string): kind is ComponentKind => COMPONENT_KINDS.some((known) => known === kind);

function compileCompositePart(type: string, branch: string, definitions: readonly PlacedDefinition[]): CompositePart {
  const occurrences = compileExpression(branch, type);
  const [element, ...others] = occurrences.types ?? [];
  if (element === undefined || others.length) throw new Error(`${branch} is not one element of ${type}`);
  const components = definitions.map((definition) => compileComponent(element, definition));
  const name = [`${type}:${branch}`, ...definitions.map(({ kind, expression }) => `${kind} ${expression}`)].join('$');
  return { number: hashParameterName(name), name, occurrences, components };
}

function compileComponent(element: string, { kind, column, targets, systems, expression }: PlacedDefinition): CompositeComponent {
  const accepted = listElementTypes(kind);
  // undefined types: they are known only when the expression is evaluated
  const { types = [...accepted], evaluate } = compileExpression(expression, element, accepted);
  if (!types.length) throw new Error(`its expression ${expression} finds no element of ${element} that a ${kind} parameter can index`);
  const component = {
    types,
    ...buildTokenTraits(types, systems),
    // the assertion: an occurrence is an element of a resource, which `evaluate` accepts at run time
    findValues: (occurrence: unknown, resource: Resource) => evaluate(occurrence as never, resource),
  };
  // a component of a coded kind has no column, one of a range kind has one (placeComponents)
  return isCodedKind(kind) ? { kind, targets, ...component } : { kind, column: column!, ...component };
}
