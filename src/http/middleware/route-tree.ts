// Routes with names in braces as a tree, by step: a step as it is written goes before one that a name stands for.
import { namesIn } from '../../mapping/routes.ts';

export interface RouteTree<T> {
  add(template: string, what: T): void;
  /** Who claims a path, the most literal routes first: all claims of one template, and what its names stand for. */
  match(path: string): { claims: Claim<T>[]; steps: string[] }[];
}

/** `at`: the places of its names among the steps of a path. */
export interface Claim<T> {
  what: T;
  at: ReadonlyMap<string, number>;
}

interface Node<T> {
  steps: Map<string, Node<T>>;
  any: Node<T> | undefined;
  claims: Claim<T>[];
}

export function routeTree<T>(): RouteTree<T> {
  const root: Node<T> = made();
  return {
    add(template, what) {
      let node = root;
      const at = new Map<string, number>();
      for (const [place, step] of stepsOf(template).entries()) {
        const [name] = namesIn(step);
        if (name !== undefined) at.set(name, place);
        node = name === undefined ? literal(node, step) : anything(node);
      }
      node.claims.push({ what, at });
    },
    match(path) {
      const steps = stepsOf(path);
      return nodesAt(root, steps).map(({ claims }) => ({ claims, steps }));
    },
  };
}

const stepsOf = (path: string): string[] => path.split('/').slice(1);

const made = <T>(): Node<T> => ({ steps: new Map(), any: undefined, claims: [] });

function anything<T>(node: Node<T>): Node<T> {
  node.any ??= made<T>();
  return node.any;
}

function literal<T>(node: Node<T>, step: string): Node<T> {
  const next = node.steps.get(step) ?? made<T>();
  node.steps.set(step, next);
  return next;
}

function nodesAt<T>(node: Node<T>, [step, ...rest]: string[]): Node<T>[] {
  if (step === undefined) return node.claims.length ? [node] : [];
  const ways = [node.steps.get(step), step === '' ? undefined : node.any];
  return ways.flatMap((way) => (way ? nodesAt(way, rest) : []));
}
