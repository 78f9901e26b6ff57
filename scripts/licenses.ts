// `npm run licenses`: writes docs/licenses.md, the licence of every package in the lock file. test/licenses.test.ts checks it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface LicensedPackage {
  name: string;
  /** An SPDX expression. Undefined: the package names none. */
  license: string | undefined;
  /** For development only: not part of an installation. */
  isDevelopment: boolean;
}

/** The licences that this project accepts. None of them asks for the source of a program that uses the package. */
export const ALLOWED_LICENSES = new Set(
  'MIT ISC Apache-2.0 BSD-2-Clause BSD-3-Clause 0BSD BlueOak-1.0.0 Unlicense CC0-1.0 MIT-0 PostgreSQL'.split(' '),
);
/** Packages for development whose licence is accepted for a reason. */
export const ACCEPTED_PACKAGES: Readonly<Record<string, { license: string; reason: string }>> = {
  'axe-core': { license: 'MPL-2.0', reason: 'it checks pages in tests; nothing of it is in the program' },
  ...acceptLightningCss(),
  'caniuse-lite': { license: 'CC-BY-4.0', reason: 'a table of browsers, which a development tool reads' },
  Base64: { license: 'WTFPL', reason: 'its package.json has the older list "licenses"; a client library of the tests needs it' },
};

/** The compressor of style sheets that Vite has: copyleft for its own files only, of which none is in what it builds. */
function acceptLightningCss() {
  const platforms =
    'android-arm64 darwin-arm64 darwin-x64 freebsd-x64 linux-arm-gnueabihf linux-arm64-gnu linux-arm64-musl linux-x64-gnu linux-x64-musl';
  const names = [
    'lightningcss',
    ...`${platforms} win32-arm64-msvc win32-x64-msvc`.split(' ').map((platform) => `lightningcss-${platform}`),
  ];
  return Object.fromEntries(
    names.map((name) => [name, { license: 'MPL-2.0', reason: 'it builds the console; nothing of it is in the build' }]),
  );
}

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

interface Manifest {
  license?: string;
  licenses?: { type: string }[];
}

/** The packages of the lock file, each with the licence that its installed manifest names. Packages for other platforms are not installed: the lock file names theirs. */
export function readPackages(): LicensedPackage[] {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Manifest & { dev?: boolean }> };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => {
      const isInstalled = existsSync(new URL(`../${path}/package.json`, import.meta.url));
      const manifest: Manifest = isInstalled ? JSON.parse(read(`${path}/package.json`)) : locked;
      const license = manifest.license ?? manifest.licenses?.map(({ type }) => type).join(' OR ');
      return { name: path.split('node_modules/').at(-1)!, license, isDevelopment: locked.dev === true };
    });
}

/** The text of docs/licenses.md. */
export function formatLicenses(packages: readonly LicensedPackage[]): string {
  const listed = (isDevelopment: boolean) => formatTable(packages.filter((one) => one.isDevelopment === isDevelopment));
  return `# Licences of dependencies

\`npm run licenses\` writes this list from the installed packages. A test compares it, and fails for a licence that the project does not accept
(\`scripts/licenses.ts\`). Facet itself is under [Apache-2.0](../LICENSE). [NOTICE](../NOTICE) names the standards whose facts it contains.
The bill of materials (CycloneDX) has the versions and checksums: \`npm sbom --sbom-format cyclonedx --package-lock-only\`.

## In an installation

${listed(false)}

## For development only

${listed(true)}
`;
}

function formatTable(packages: readonly LicensedPackage[]): string {
  const byLicense = Map.groupBy(packages, ({ license }) => license ?? 'none');
  const rows = [...byLicense].sort(([one], [other]) => compare(one, other));
  const names = (of: readonly LicensedPackage[]) => [...new Set(of.map(({ name }) => name))].sort(compare).join(', ');
  return ['| Licence | Packages |', '|---|---|', ...rows.map(([license, of]) => `| ${license} | ${names(of)} |`)].join('\n');
}

/** By code unit: the same on every machine. */
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

if (import.meta.main) writeFileSync(fileURLToPath(new URL('../docs/licenses.md', import.meta.url)), formatLicenses(readPackages()));
