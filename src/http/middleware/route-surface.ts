// Finds the vendor's shape for a request: by host, then by mount prefix, then by the routes of the shapes, then by the kind of credential. Routes have parameters in
// braces and are matched by a tree of path segments, in which a literal segment has precedence over a parameter.

import type { Request } from 'express';
import { listPathParameters, listRoutes } from '../../mapping/routes.ts';
import type { Mappings, Shape, Surface } from '../../mapping/shape.ts';
import { listKeyPrefixes, readCredential } from './authenticate.ts';

/** A shape's collection or one item. With `surface` alone no route matches, and the error has the format of that surface. */
export type RouteMatch = ShapeMatch | { surface: Surface | undefined; shape?: undefined };

export interface ShapeMatch {
  surface: Surface;
  shape: Shape;
  /** The path of the collection, as in the request. */
  collectionPath: string;
  /** The values of the route's other parameters (`patient_id`). */
  pathParameters: Record<string, string>;
  /** The id in the path. Absent for the collection. */
  id?: string;
}

export type RouteResolver = (req: Request) => RouteMatch;

/** Builds the route resolver of all mappings. `prefixes`: surface → its mount prefix (`{ loop: '/loop' }`). */
export function buildRouteResolver({ surfaces, shapes }: Mappings, prefixes: Record<string, string>): RouteResolver {
  const root = buildNode();
  for (const shape of shapes) for (const template of listRoutes(shape)) addRoute(root, template, shape);
  const own = findExclusiveMounts(surfaces, shapes);
  const classifyCredential = buildCredentialClassifier(surfaces);
  return (req) => {
    // Express computes both at each access; without a Host header (HTTP/1.0) the host name is undefined
    const [name, whole] = [(req.hostname ?? '').toLowerCase(), req.path];
    const hosted = surfaces.filter(({ hosts }) => hosts.some((host) => isHostCovered(name, host)));
    const prefixed = surfaces.find((surface) => isBelow(whole, prefixes[surface.name]));
    const prefix = prefixed ? prefixes[prefixed.name]! : '';
    const path = whole.slice(prefix.length) || '/';
    const allowed = prefixed ? [prefixed] : hosted.length ? hosted : surfaces;
    const preferred = classifyCredential(req);
    const found = findShape(root, { segments: splitPath(path), allowed, preferred });
    if (found) return { ...found, collectionPath: prefix + found.collectionPath };
    return {
      surface:
        prefixed ?? hosted[0] ?? own.find(({ mount }) => isBelow(path, mount))?.surface ?? preferred ?? findNearestSurface(shapes, path),
    };
  };
}

/** The mounts (`/api-v1`) below which only one surface has routes. A 404 there has the format of that surface. */
function findExclusiveMounts(surfaces: Surface[], shapes: Shape[]): { mount: string; surface: Surface }[] {
  return surfaces.flatMap((surface) => {
    const others = shapes.filter((shape) => shape.surface !== surface).flatMap(listRoutes);
    return surface.mounts.filter((mount) => !others.some((path) => isBelow(path, mount))).map((mount) => ({ mount, surface }));
  });
}

/** A path whose shape is looked for: its segments, the surfaces that may serve it, and the one that is preferred. */
interface RouteSearch {
  segments: string[];
  allowed: Surface[];
  preferred: Surface | undefined;
}

/** The shape whose route matches the segments from `at` on. A literal segment has precedence over a parameter. */
function findShape(node: RouteNode, search: RouteSearch, at = 0): ShapeMatch | undefined {
  const segment = search.segments[at];
  if (segment === undefined) return chooseRoute(node.routes, search);
  const literal = node.literals.get(segment);
  const found = literal && findShape(literal, search, at + 1);
  if (found || segment === '' || !node.parameter) return found;
  return findShape(node.parameter, search, at + 1);
}

function chooseRoute(routes: Route[], { segments, allowed, preferred }: RouteSearch): ShapeMatch | undefined {
  let chosen: Route | undefined;
  for (const route of routes) {
    const { surface } = route.shape;
    if (allowed.includes(surface) && (!chosen || (surface === preferred && chosen.shape.surface !== preferred))) chosen = route;
  }
  return chosen && toShapeMatch(chosen, segments);
}

/** Reads the id and the other parameters of a matching route from the segments of a path. */
function toShapeMatch({ shape, parameterPositions }: Route, segments: string[]): ShapeMatch {
  const pathParameters: Record<string, string> = {};
  for (const [name, position] of parameterPositions) if (name !== 'id') pathParameters[name] = decodePathSegment(segments[position]!);
  const own = parameterPositions.get('id');
  return {
    surface: shape.surface,
    shape,
    collectionPath: ['', ...segments.slice(0, own)].join('/'),
    pathParameters,
    ...(own !== undefined && { id: decodePathSegment(segments[own]!) }),
  };
}

/** Decodes a segment. A malformed one becomes empty, which is never an id. */
function decodePathSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** Finds the surface whose key prefix the credential of a request has, or else the one with the scheme of the credential. */
function buildCredentialClassifier(surfaces: Surface[]): (req: Request) => Surface | undefined {
  const beginnings = surfaces.flatMap((surface) => listKeyPrefixes(surface.auth.prefix).map((prefix) => ({ prefix, surface })));
  return (req) => {
    const credential = readCredential(req);
    if (credential === undefined) return undefined;
    const scheme = req.headers['x-api-key'] === undefined ? 'bearer' : 'api-key';
    const match = beginnings.find(({ prefix }) => credential.startsWith(prefix));
    return match?.surface ?? surfaces.find(({ auth }) => auth.scheme === scheme);
  };
}

/** The surface of an unknown path below a documented one (`/v1/lab-orders/1/x`). */
const findNearestSurface = (shapes: Shape[], path: string): Surface | undefined =>
  shapes.find((shape) => listRoutes(shape).some((template) => isBelow(path, template.replace(/\/\{.*$/, ''))))?.surface;

const isBelow = (path: string, prefix: string | undefined): boolean =>
  prefix !== undefined && prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`));

/** Whether a pattern covers a host name in lower case. `*.platform.example.com` covers all subdomains. */
function isHostCovered(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1 : name === pattern;
}

/** `parameterPositions`: the positions of its parameters among the segments of a path. */
interface Route {
  shape: Shape;
  parameterPositions: ReadonlyMap<string, number>;
}

/** A node of the tree of path segments. `routes`: those that end here. */
interface RouteNode {
  literals: Map<string, RouteNode>;
  parameter: RouteNode | undefined;
  routes: Route[];
}

const buildNode = (): RouteNode => ({ literals: new Map(), parameter: undefined, routes: [] });

function addRoute(root: RouteNode, template: string, shape: Shape): void {
  let node = root;
  const parameterPositions = new Map<string, number>();
  for (const [position, segment] of splitPath(template).entries()) {
    const [name] = listPathParameters(segment);
    if (name !== undefined) parameterPositions.set(name, position);
    node = name === undefined ? addLiteralChild(node, segment) : addParameterChild(node);
  }
  node.routes.push({ shape, parameterPositions });
}

const splitPath = (path: string): string[] => path.split('/').slice(1);

function addParameterChild(node: RouteNode): RouteNode {
  node.parameter ??= buildNode();
  return node.parameter;
}

function addLiteralChild(node: RouteNode, segment: string): RouteNode {
  const next = node.literals.get(segment) ?? buildNode();
  node.literals.set(segment, next);
  return next;
}
