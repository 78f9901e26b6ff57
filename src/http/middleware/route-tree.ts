// Matches paths to routes with parameters in braces, by a tree of path segments. A literal segment has precedence over a parameter.
import { listPathParameters } from '../../mapping/routes.ts';

export interface RouteTree<T> {
  add(template: string, what: T): void;
  /** The matching templates, the most literal first, each with its entries and the segments of the path. */
  find(path: string): { entries: RouteEntry<T>[]; segments: string[] }[];
}

/** `parameterPositions`: the positions of its parameters among the segments of a path. */
export interface RouteEntry<T> {
  value: T;
  parameterPositions: ReadonlyMap<string, number>;
}

interface Node<T> {
  literals: Map<string, Node<T>>;
  parameter: Node<T> | undefined;
  entries: RouteEntry<T>[];
}

export function buildRouteTree<T>(): RouteTree<T> {
  const root: Node<T> = buildNode();
  return {
    add(template, value) {
      let node = root;
      const parameterPositions = new Map<string, number>();
      for (const [position, segment] of splitPath(template).entries()) {
        const [name] = listPathParameters(segment);
        if (name !== undefined) parameterPositions.set(name, position);
        node = name === undefined ? addLiteralChild(node, segment) : addParameterChild(node);
      }
      node.entries.push({ value, parameterPositions });
    },
    find(path) {
      const segments = splitPath(path);
      return findNodes(root, segments).map(({ entries }) => ({ entries, segments }));
    },
  };
}

const splitPath = (path: string): string[] => path.split('/').slice(1);

const buildNode = <T>(): Node<T> => ({ literals: new Map(), parameter: undefined, entries: [] });

function addParameterChild<T>(node: Node<T>): Node<T> {
  node.parameter ??= buildNode<T>();
  return node.parameter;
}

function addLiteralChild<T>(node: Node<T>, segment: string): Node<T> {
  const next = node.literals.get(segment) ?? buildNode<T>();
  node.literals.set(segment, next);
  return next;
}

function findNodes<T>(node: Node<T>, [segment, ...rest]: string[]): Node<T>[] {
  if (segment === undefined) return node.entries.length ? [node] : [];
  const children = [node.literals.get(segment), segment === '' ? undefined : node.parameter];
  return children.flatMap((child) => (child ? findNodes(child, rest) : []));
}
