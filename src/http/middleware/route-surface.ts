// Which vendor's shape a path means: by host, then by mount prefix, then by who claims the path, then by the kind of credential.
import type { Request } from 'express';
import { routesOf } from '../../mapping/routes.ts';
import type { Mappings, Shape, Surface } from '../../mapping/shape.ts';
import { credentialOf } from './authenticate.ts';
import { prefixesOf } from './key-prefix.ts';
import { type Claim, type RouteTree, routeTree } from './route-tree.ts';

/** What a path means: a shape's collection, or one item of it. `surface` alone: nothing is there, but whose dialect the answer speaks. */
export type Target = Found | { surface: Surface | undefined; shape?: undefined };

interface Found {
  surface: Surface;
  shape: Shape;
  /** The path of the collection, as the caller wrote it. */
  collection: string;
  /** What the other names of the route stand for (`patient_id`). */
  within: Record<string, string>;
  /** Absent for the collection itself. */
  id?: string;
}

export type Dispatch = (req: Request) => Target;

/** A dispatcher over all mappings; `prefixes` gives each surface's own mount (`{ loop: '/loop' }`). */
export function buildDispatcher({ surfaces, shapes }: Mappings, prefixes: Record<string, string>): Dispatch {
  const tree = routeTree<Shape>();
  for (const shape of shapes) for (const template of routesOf(shape)) tree.add(template, shape);
  const own = ownMounts(surfaces, shapes);
  const kindOf = credentialReader(surfaces);
  return (req) => {
    // each is computed anew by Express whenever it is asked for; without a Host (HTTP/1.0) there is no name
    const [name, whole] = [(req.hostname ?? '').toLowerCase(), req.path];
    const hosted = surfaces.filter(({ hosts }) => hosts.some((host) => isHost(name, host)));
    const prefixed = surfaces.find((surface) => isBelow(whole, prefixes[surface.name]));
    const prefix = prefixed ? prefixes[prefixed.name]! : '';
    const path = whole.slice(prefix.length) || '/';
    const allowed = prefixed ? [prefixed] : hosted.length ? hosted : surfaces;
    const kind = kindOf(req);
    const found = claimed(tree, path, { allowed, kind });
    if (found) return { ...found, collection: prefix + found.collection };
    return {
      surface: prefixed ?? hosted[0] ?? own.find(({ mount }) => isBelow(path, mount))?.surface ?? kind ?? surfaceOfPath(shapes, path),
    };
  };
}

/** The mounts below which only one surface has anything (`/api-v1`): what is not there is not there in its dialect. */
function ownMounts(surfaces: Surface[], shapes: Shape[]): { mount: string; surface: Surface }[] {
  return surfaces.flatMap((surface) => {
    const others = shapes.filter((shape) => shape.surface !== surface).flatMap(routesOf);
    return surface.mounts.filter((mount) => !others.some((path) => isBelow(path, mount))).map((mount) => ({ mount, surface }));
  });
}

interface Claimants {
  allowed: Surface[];
  kind: Surface | undefined;
}

function claimed(tree: RouteTree<Shape>, path: string, { allowed, kind }: Claimants): Found | undefined {
  for (const { claims, steps } of tree.match(path)) {
    const candidates = claims.filter(({ what }) => allowed.includes(what.surface));
    const claim = candidates.find(({ what }) => what.surface === kind) ?? candidates[0];
    if (claim) return foundAt(claim, steps);
  }
  return undefined;
}

/** What a claim makes of the steps of a path. */
function foundAt({ what: shape, at }: Claim<Shape>, steps: string[]): Found {
  const own = at.get('id');
  const values = [...at].filter(([name]) => name !== 'id').map(([name, place]) => [name, decoded(steps[place]!)]);
  return {
    surface: shape.surface,
    shape,
    collection: ['', ...steps.slice(0, own)].join('/'),
    within: Object.fromEntries(values),
    ...(own !== undefined && { id: decoded(steps[own]!) }),
  };
}

/** What is not well encoded is no id of anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** Finds the vendor whose keys look like a request's credential. */
function credentialReader(surfaces: Surface[]): (req: Request) => Surface | undefined {
  const beginnings = surfaces.flatMap((surface) => prefixesOf(surface.auth.prefix).map((prefix) => ({ prefix, surface })));
  return (req) => {
    const credential = credentialOf(req);
    if (credential === undefined) return undefined;
    const scheme = req.headers['x-api-key'] === undefined ? 'bearer' : 'api-key';
    const alike = beginnings.find(({ prefix }) => credential.startsWith(prefix));
    return alike?.surface ?? surfaces.find(({ auth }) => auth.scheme === scheme);
  };
}

/** An unknown path below a documented one (`/v1/lab-orders/1/x`) still has a nearest dialect. */
const surfaceOfPath = (shapes: Shape[], path: string): Surface | undefined =>
  shapes.find((shape) => routesOf(shape).some((template) => isBelow(path, template.replace(/\/\{.*$/, ''))))?.surface;

const isBelow = (path: string, prefix: string | undefined): boolean =>
  prefix !== undefined && prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`));

/** `*.platform.example.com` covers any labels in front. `name`: in lower case. */
function isHost(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1 : name === pattern;
}
