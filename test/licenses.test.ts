// What the program contains of others: the licences of its packages, the bill of materials, and the owners of the standards whose codes it has.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { ACCEPTED_PACKAGES, ALLOWED_LICENSES, formatLicenses, type LicensedPackage, readPackages } from '../scripts/licenses.ts';

const readText = (file: string): string => readFileSync(file, 'utf8');
const packages = readPackages();

/** A choice (OR) is accepted by one of its licences; all else must be in the list as it is written. */
function isAccepted({ name, license, isDevelopment }: LicensedPackage): boolean {
  if (isDevelopment && ACCEPTED_PACKAGES[name]?.license === license) return true;
  const choices = (license ?? '').replace(/^\((.*)\)$/, '$1').split(' OR ');
  return choices.some((choice) => ALLOWED_LICENSES.has(choice));
}

describe('licences of packages', () => {
  it('are accepted by this project', () => {
    expect(packages.length).toBeGreaterThan(500);
    expect(packages.filter((one) => !isAccepted(one))).toEqual([]);
  });

  it('are not accepted if they are unknown, missing, or accepted for development only', () => {
    const accepted = (license: string | undefined, isDevelopment = false, name = 'a') => isAccepted({ name, license, isDevelopment });
    expect([accepted('MIT'), accepted('(MIT OR GPL-3.0-only)'), accepted('CC-BY-4.0', true, 'caniuse-lite')]).toEqual([true, true, true]);
    expect([accepted('GPL-3.0-only'), accepted('MIT AND GPL-3.0-only'), accepted(undefined), accepted('SEE LICENSE IN a')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(accepted('CC-BY-4.0', false, 'caniuse-lite')).toBe(false);
  });

  it('are listed in docs/licenses.md (npm run licenses)', () => {
    expect(readText('docs/licenses.md')).toBe(formatLicenses(packages));
  });

  it('that are accepted for a package name a package of the lock file', () => {
    expect(Object.keys(ACCEPTED_PACKAGES).filter((name) => !packages.some((one) => one.name === name))).toEqual([]);
  });
});

describe('the bill of materials (CycloneDX)', () => {
  interface Component {
    'bom-ref': string;
    type: string;
    name: string;
    version: string;
    purl: string;
    hashes?: { alg: string; content: string }[];
  }
  interface Bom {
    bomFormat: string;
    specVersion: string;
    serialNumber: string;
    version: number;
    metadata: { component: Component };
    components: Component[];
    dependencies: { ref: string; dependsOn?: string[] }[];
  }
  let bom: Bom;
  beforeAll(() => {
    const script = readText('.ci/run').split('\n');
    const [, args] = /^npm (sbom .*) > sbom\.cdx\.json$/.exec(script.find((line) => line.startsWith('npm sbom'))!)!;
    bom = JSON.parse(execFileSync('npm', args!.split(' '), { encoding: 'utf8', maxBuffer: 2 ** 26 })) as Bom;
  });

  it('has the required members of its format, and references that lead to its components', () => {
    expect([bom.bomFormat, bom.version]).toEqual(['CycloneDX', 1]);
    expect(bom.specVersion).toMatch(/^1\.\d$/);
    expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/);
    const refs = [bom.metadata.component, ...bom.components].map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    const named = bom.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
    expect(named.filter((ref) => !refs.includes(ref))).toEqual([]);
    expect(bom.components.filter(({ type, purl }) => type !== 'library' || !purl.startsWith('pkg:npm/'))).toEqual([]);
  });

  it('lists every package of the lock file with its checksum, and no other', () => {
    const { packages: locked } = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { version: string; integrity: string }>;
    };
    const installed = Object.entries(locked).filter(([path]) => path !== '');
    // without the name: npm lists some aliases by their own name
    const expected = installed.map(([, { version, integrity }]) => `${version} ${toHex(integrity)}`);
    const listed = bom.components.map(({ version, hashes = [] }) => `${version} ${hashes.map(({ content }) => content).join()}`);
    expect([...new Set(listed)].sort()).toEqual([...new Set(expected)].sort());
  });

  const toHex = (integrity: string): string => Buffer.from(integrity.replace(/^\w+-/, ''), 'base64').toString('hex');
});

describe('NOTICE', () => {
  const notice = readText('NOTICE');

  it('names the owner of every code system whose codes the program contains', () => {
    const { valueSets, codeSystems } = JSON.parse(readText('src/fhir/generated/value-sets.json')) as {
      valueSets: Record<string, { include: { system?: string; codes?: string[] }[] }>;
      codeSystems: Record<string, unknown>;
    };
    const listed = Object.values(valueSets).flatMap(({ include }) =>
      include.filter(({ codes }) => codes?.length).map(({ system }) => system!),
    );
    const used = globSync(['mappings/**/*.yaml', 'fhir-profiles/*.yaml', 'src/**/*.ts'])
      .map(readText)
      .flatMap(
        (text) =>
          text.match(
            /http:\/\/(?:loinc\.org|snomed\.info\/sct|unitsofmeasure\.org|www\.nlm\.nih\.gov\/research\/umls\/\w+|hl7\.org\/fhir\/sid\/(?:icd|cpt)[\w-]*)/g,
          ) ?? [],
      );
    const systems = [...new Set([...listed, ...used, ...Object.keys(codeSystems)])];
    expect(systems).toEqual(expect.arrayContaining(['http://unitsofmeasure.org', 'http://loinc.org', 'http://snomed.info/sct']));
    expect(systems.map(toOwner).filter((owner) => !notice.includes(`(${owner})`))).toEqual([]);
  });

  /** HL7's own systems are named together. */
  const toOwner = (system: string): string =>
    /^http:\/\/terminology\.hl7\.org\//.test(system)
      ? 'http://terminology.hl7.org'
      : /^http:\/\/hl7\.org\/fhir\/(?!sid\/(?!ex-))/.test(system)
        ? 'http://hl7.org/fhir'
        : system;

  it('and LICENSE are in the container and in the package', () => {
    expect(readText('Dockerfile')).toMatch(/^COPY package\.json LICENSE NOTICE \.\/$/m);
    expect(readText('.dockerignore')).toMatch(/^!NOTICE$/m);
    expect((JSON.parse(readText('package.json')) as { files: string[] }).files).toContain('NOTICE');
  });
});
