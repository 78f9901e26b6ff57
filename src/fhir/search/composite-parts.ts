// Compiles the definition of a composite search parameter into its parts. https://hl7.org/fhir/R4/search.html#composite
import { hashParameterName } from '../hash.ts';
import { COMPONENT_KINDS, type ComponentKind, type CompositeComponent, type CompositePart } from '../indexing/indexed-parameter.ts';
import { buildTokenTraits, listElementTypes } from '../indexing/parameter-kinds.ts';
import { compileExpression } from './expression.ts';

/** The definition of a component: the kind of its parameter, and the expression of its values in an occurrence. */
export interface ComponentDefinition {
  kind: string;
  expression: string;
}

/**
 * The parts of a composite parameter of a type. Throws an Error that names what cannot be indexed: a kind of component, more than one component that is
 * not a token, or an unsupported expression.
 */
export function compileCompositeParts(type: string, expression: string, definitions: readonly ComponentDefinition[]): CompositePart[] {
  const kinds = definitions.map(({ kind }) => kind);
  const unknown = kinds.find((kind) => !isComponentKind(kind));
  if (unknown !== undefined) throw new Error(`components of type ${unknown} are not served`);
  if (kinds.length < 2 || kinds.filter((kind) => kind !== 'token').length > 1)
    throw new Error('a composite needs two or more components, of which at most one is not a token');
  return splitUnion(expression).map((branch) => compileCompositePart(type, branch, definitions));
}

/** The operands of a union. An expression with a text literal is not split. */
const splitUnion = (expression: string): string[] =>
  expression.includes("'") ? [expression] : expression.split('|').map((branch) => branch.trim());

const isComponentKind = (kind: string): kind is ComponentKind => COMPONENT_KINDS.some((known) => known === kind);

function compileCompositePart(type: string, branch: string, definitions: readonly ComponentDefinition[]): CompositePart {
  const occurrences = compileExpression(branch, type);
  const [element, ...others] = occurrences.types ?? [];
  if (element === undefined || others.length) throw new Error(`${branch} is not one element of ${type}`);
  const components = definitions.map((definition) => compileComponent(element, definition));
  const name = [`${type}:${branch}`, ...definitions.map(({ kind, expression }) => `${kind} ${expression}`)].join('$');
  return { number: hashParameterName(name), name, occurrences, components };
}

function compileComponent(element: string, { kind, expression }: ComponentDefinition): CompositeComponent {
  if (!isComponentKind(kind)) throw new Error(`components of type ${kind} are not served`);
  const accepted = listElementTypes(kind);
  // undefined types: they are known only when the expression is evaluated
  const { types = [...accepted], evaluate } = compileExpression(expression, element, accepted);
  if (!types.length) throw new Error(`its expression ${expression} finds no element of ${element} that a ${kind} parameter can index`);
  // the assertion: an occurrence is an element of a resource, which `evaluate` accepts at run time
  return { kind, types, ...buildTokenTraits(types), findValues: (occurrence) => evaluate(occurrence as never) };
}
