// Which vendor's shape a path means: by host, then by mount prefix, then by who claims the path, then by the kind of credential.
import type { Request } from 'express';
import type { Mappings, Shape, Surface } from '../projection/shape.ts';
import { credentialOf } from './authenticate.ts';

/** What a path means: a shape's collection, or one item of it. `surface` alone: nothing is there, but whose dialect the answer speaks. */
export type Target = Found | { surface: Surface | undefined; shape?: undefined };

interface Found {
  surface: Surface;
  shape: Shape;
  /** The path of the collection, as the caller wrote it. */
  collection: string;
  /** Absent for the collection itself. */
  id?: string;
}

export type Dispatch = (req: Request) => Target;

/** A dispatcher over all mappings; `prefixes` gives each surface's own mount (`{ loop: '/loop' }`). */
export function dispatcher({ surfaces, shapes }: Mappings, prefixes: Record<string, string>): Dispatch {
  const claims = new Map<string, Shape[]>();
  for (const shape of shapes) for (const path of pathsOf(shape)) claims.set(path, [...(claims.get(path) ?? []), shape]);
  const own = ownMounts(surfaces, shapes);
  return (req) => {
    const hosted = surfaces.filter((surface) => surface.hosts.some((host) => isHost(req.hostname, host)));
    const prefixed = surfaces.find((surface) => isBelow(req.path, prefixes[surface.name]));
    const prefix = prefixed ? prefixes[prefixed.name]! : '';
    const path = req.path.slice(prefix.length) || '/';
    const allowed = prefixed ? [prefixed] : hosted.length ? hosted : surfaces;
    const kind = surfaceOfCredential(req, surfaces);
    const found = claimed(claims, path, { allowed, kind });
    if (found) return { ...found, collection: prefix + found.collection };
    return {
      surface: prefixed ?? hosted[0] ?? own.find(({ mount }) => isBelow(path, mount))?.surface ?? kind ?? surfaceOfPath(shapes, path),
    };
  };
}

/** The mounts below which only one surface has anything (`/api-v1`): what is not there is not there in its dialect. */
function ownMounts(surfaces: Surface[], shapes: Shape[]): { mount: string; surface: Surface }[] {
  return surfaces.flatMap((surface) => {
    const others = shapes.filter((shape) => shape.surface !== surface).flatMap(pathsOf);
    return surface.mounts.filter((mount) => !others.some((path) => isBelow(path, mount))).map((mount) => ({ mount, surface }));
  });
}

/** As documented, and below each of the surface's mounts (`/api-v1/clinician-profiles`). */
const pathsOf = (shape: Shape): string[] => {
  const own = isPart(shape) ? shape.itemPath : shape.path;
  return [own, ...shape.surface.mounts.map((mount) => mount + own)];
};

/** A shape of a part of items (`/v1/patients/{id}/safe`) has no collection of its own. */
const isPart = ({ path, itemPath }: Shape): boolean => itemPath !== `${path}/{id}`;

interface Claimants {
  allowed: Surface[];
  kind: Surface | undefined;
}

function claimed(claims: Map<string, Shape[]>, path: string, { allowed, kind }: Claimants): Found | undefined {
  for (const { claim, collection, id } of readingsOf(path)) {
    const candidates = (claims.get(claim) ?? []).filter((shape) => allowed.includes(shape.surface));
    const shape = candidates.length > 1 ? (candidates.find((one) => one.surface === kind) ?? candidates[0]) : candidates[0];
    if (shape) return { surface: shape.surface, shape, collection, ...(id !== undefined && { id: decoded(id) }) };
    if (claims.has(claim)) return undefined;
  }
  return undefined;
}

/** A path as a collection, as one item of it, and as a part of one. */
function readingsOf(path: string): { claim: string; collection: string; id?: string }[] {
  const steps = path.split('/');
  const [upper, outer] = [steps.slice(0, -1).join('/'), steps.slice(0, -2).join('/')];
  return [
    { claim: path, collection: path },
    { claim: upper, collection: upper, id: steps.at(-1)! },
    { claim: `${outer}/{id}/${steps.at(-1)}`, collection: outer, id: steps.at(-2) ?? '' },
  ];
}

/** What is not well encoded is no id of anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** The vendor whose keys look like this request's credential. */
function surfaceOfCredential(req: Request, surfaces: Surface[]): Surface | undefined {
  const credential = credentialOf(req);
  if (credential === undefined) return undefined;
  const scheme = req.headers['x-api-key'] === undefined ? 'bearer' : 'api-key';
  const alike = surfaces.filter(({ auth }) => auth.prefix !== '' && credential.startsWith(auth.prefix));
  return alike[0] ?? surfaces.find(({ auth }) => auth.scheme === scheme);
}

/** An unknown path below a documented one (`/v1/lab-orders/1/x`) still has a nearest dialect. */
const surfaceOfPath = (shapes: Shape[], path: string): Surface | undefined =>
  shapes.find((shape) => pathsOf(shape).some((known) => isBelow(path, known)))?.surface;

const isBelow = (path: string, prefix: string | undefined): boolean =>
  prefix !== undefined && prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`));

/** `*.platform.example.com` covers any labels in front. */
function isHost(host: string, pattern: string): boolean {
  const name = host.toLowerCase();
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1 : name === pattern;
}
