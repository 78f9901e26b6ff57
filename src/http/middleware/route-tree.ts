// Routes with names in braces as a tree, by step: a step as it is written goes before one that a name stands for.
import { listPathParameters } from '../../mapping/routes.ts';

export interface RouteTree<T> {
  add(template: string, what: T): void;
  /** Who claims a path, the most literal routes first: all claims of one template, and what its names stand for. */
  find(path: string): { entries: RouteEntry<T>[]; steps: string[] }[];
}

/** `at`: the places of its names among the steps of a path. */
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
      for (const [position, step] of splitPath(template).entries()) {
        const [name] = listPathParameters(step);
        if (name !== undefined) parameterPositions.set(name, position);
        node = name === undefined ? addLiteralChild(node, step) : addParameterChild(node);
      }
      node.entries.push({ value, parameterPositions });
    },
    find(path) {
      const steps = splitPath(path);
      return findNodes(root, steps).map(({ entries }) => ({ entries, steps }));
    },
  };
}

const splitPath = (path: string): string[] => path.split('/').slice(1);

const buildNode = <T>(): Node<T> => ({ literals: new Map(), parameter: undefined, entries: [] });

function addParameterChild<T>(node: Node<T>): Node<T> {
  node.parameter ??= buildNode<T>();
  return node.parameter;
}

function addLiteralChild<T>(node: Node<T>, step: string): Node<T> {
  const next = node.literals.get(step) ?? buildNode<T>();
  node.literals.set(step, next);
  return next;
}

function findNodes<T>(node: Node<T>, [step, ...rest]: string[]): Node<T>[] {
  if (step === undefined) return node.entries.length ? [node] : [];
  const ways = [node.literals.get(step), step === '' ? undefined : node.parameter];
  return ways.flatMap((way) => (way ? findNodes(way, rest) : []));
}
