// Builds FHIR packages for tests: a .tgz in npm form, or its unpacked folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface PackageContent {
  name: string;
  version: string;
  depends?: Record<string, string>;
  fhirVersions?: string[];
  /** File name → content; what stands in other folders has its own path (`example/Patient-a.json`). */
  files: Record<string, unknown>;
}

const manifest = ({ name, version, depends = {}, fhirVersions = ['4.0.1'] }: PackageContent) => ({
  name,
  version,
  fhirVersions,
  dependencies: depends,
});
const text = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content));

/** Files of the package, by their paths in the archive. */
const paths = (content: PackageContent): [string, string][] =>
  Object.entries({ 'package.json': manifest(content), '.index.json': { 'index-version': 1, files: [] }, ...content.files }).map(
    ([name, one]) => [`package/${name}`, text(one)],
  );

/** Writes it as a .tgz. */
export function writeTgz(file: string, content: PackageContent): string {
  writeFileSync(
    file,
    gzipSync(Buffer.concat([...paths(content).map(([name, body]) => entry(name, Buffer.from(body))), Buffer.alloc(1024)])),
  );
  return file;
}

/** Writes it as the folder it unpacks to. */
export function writeFolder(folder: string, content: PackageContent): string {
  for (const [path, body] of paths(content)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), body);
  }
  return folder;
}

/** One file as tar has it (ustar); a long name in a head of its own, as GNU tar writes it. */
function entry(name: string, body: Buffer): Buffer {
  const long = name.length > 100 ? [head('././@LongLink', name.length + 1, 'L'), padded(Buffer.from(`${name}\0`))] : [];
  return Buffer.concat([...long, head(name.slice(0, 100), body.length, '0'), padded(body)]);
}

function head(name: string, size: number, kind: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(kind, 156);
  block.write('ustar\x0000', 257);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

const padded = (body: Buffer): Buffer => Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
