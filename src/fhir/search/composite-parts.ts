// What a composite search parameter looks at, from its definition. https://hl7.org/fhir/R4/search.html#composite
import { hashParameterName } from '../hash.ts';
import { COMPONENT_KINDS, type ComponentKind, type CompositeComponent, type CompositePart } from '../indexing/composite-part.ts';
import { buildTokenTraits, listElementTypes } from '../indexing/parameter-kinds.ts';
import { compileExpression } from './expression.ts';

/** A component as it is defined: the kind of the parameter it is like, and where its values stand in an occurrence. */
export interface ComponentDefinition {
  kind: string;
  expression: string;
}

/**
 * The parts of a composite parameter of a type. Fails with a plain Error that says what cannot be indexed: a kind of component, two components that
 * are ranges or texts, an expression that is not understood.
 */
export function compileCompositeParts(type: string, expression: string, definitions: readonly ComponentDefinition[]): CompositePart[] {
  const kinds = definitions.map(({ kind }) => kind);
  const unknown = kinds.find((kind) => !isComponentKind(kind));
  if (unknown !== undefined) throw new Error(`components of type ${unknown} are not served`);
  if (kinds.length < 2 || kinds.filter((kind) => kind !== 'token').length > 1)
    throw new Error('a composite has two or more components, all of them tokens but for one at most');
  return splitUnion(expression).map((branch) => compileCompositePart(type, branch, definitions));
}

/** The sides of a union; an expression with a text in it is left whole. */
const splitUnion = (expression: string): string[] =>
  expression.includes("'") ? [expression] : expression.split('|').map((branch) => branch.trim());

const isComponentKind = (kind: string): kind is ComponentKind => COMPONENT_KINDS.some((one) => one === kind);

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
  // undefined: only an evaluation tells the types
  const { types = [...accepted], evaluate } = compileExpression(expression, element, accepted);
  if (!types.length) throw new Error(`its expression ${expression} finds nothing in ${element} that a ${kind} parameter can be made of`);
  return { kind, types, ...buildTokenTraits(types), values: (occurrence) => evaluate(occurrence as never) };
}
