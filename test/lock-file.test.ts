// The lock file installs the same packages everywhere: `npm ci` refuses one that names an optional package (a binary for another platform) without its entry.
import { readFileSync } from 'node:fs';

interface LockedPackage {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> };

/** Where Node looks for a dependency of the package at `path`: beside it, then in each folder above. */
function placesOf(path: string, dependency: string): string[] {
  const above = path.split('/node_modules/').slice(0, -1);
  const folders = [path, ...above.map((_, index) => above.slice(0, above.length - index).join('/node_modules/')), ''];
  return folders.map((folder) => (folder === '' ? `node_modules/${dependency}` : `${folder}/node_modules/${dependency}`));
}

const optional = Object.entries(packages).flatMap(([path, locked]) =>
  Object.keys(locked.optionalDependencies ?? {}).map((dependency) => ({ path, dependency })),
);

describe('package-lock.json', () => {
  it('has an entry with integrity for every optional package, whatever platform it is for', () => {
    expect(optional.length).toBeGreaterThan(30);
    const missing = optional.filter(({ path, dependency }) => !placesOf(path, dependency).some((place) => packages[place]?.integrity));
    expect(missing).toEqual([]);
  });

  it('has a version and integrity for every package, and the address of no registry', () => {
    const installed = Object.entries(packages).filter(([path, locked]) => path !== '' && !locked.link);
    expect(installed.filter(([, locked]) => !locked.version || !locked.integrity).map(([path]) => path)).toEqual([]);
    expect(installed.filter(([, locked]) => locked.resolved).map(([path]) => path)).toEqual([]);
  });
});
