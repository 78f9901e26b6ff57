// What the fields of a GraphQL query read from: a resource or an element of one.
import { type Element, isElement } from '../json-values.ts';
import { isResource, type Resource } from '../types.ts';

/** `type`: a resource type, a datatype, or the path of a backbone element. `exact`: with the digits of decimals as written. `plain`: the same with JavaScript numbers. */
export interface GraphqlNode {
  type: string;
  exact: Element;
  plain: Element;
  /** The resource that contains the element: `#id` references lead to its contained resources. */
  root: { exact: Resource; plain: Resource };
  /** Whether it is a resource of its own, to which others may refer. */
  isStored?: true;
}

export const toResourceNode = (plain: Resource, exact: Resource): GraphqlNode => ({
  type: plain.resourceType,
  exact,
  plain,
  root: { exact, plain },
  isStored: true,
});

/** The child of an element. Undefined: its place in a list is empty. `type`: its type by the definitions. */
export function toChildNode(parent: GraphqlNode, type: string, exact: unknown, plain: unknown): GraphqlNode | undefined {
  if (!isElement(exact) || !isElement(plain)) return undefined;
  if (type !== 'Resource' || !isResource(exact) || !isResource(plain)) return { type, exact, plain, root: parent.root };
  // contained resources refer to each other, those in a Bundle have contained resources of their own
  const root = parent.plain === parent.root.plain && parent.type !== 'Bundle' ? parent.root : { exact, plain };
  return { type: plain.resourceType, exact, plain, root };
}
