// The tables of the bench, as Markdown.
import type { LoadResult } from './client.ts';
import { PART_NAMES, type Profiled } from './profile.ts';

/** A load with what it used for each request: processor time in ms (undefined where it cannot be read) and bytes of the write-ahead log. */
export interface Measured extends LoadResult {
  cpu: { server: number; database: number } | undefined;
  wal: number;
}

export interface Row {
  /** With the number of workers, if several were compared. */
  name: string;
  clients: number;
  floor: Measured | undefined;
  facet: Measured;
  isFlat: boolean;
}

/** The rows that were measured with a number of resources. */
export interface Size {
  resources: number;
  bytes: { stored: number; json: number };
  rows: Row[];
  /** Empty unless asked for. */
  profiles: Profiled[];
}

export const buildProfileTable = (profiles: Profiled[]): string => `## Where the server spends its time

16 clients, one process with the smallest corpus: shares of the samples of a CPU profile in percent, by the part of the program whose code ran, or called Node or V8.
A sample counts the time of a system call too, so the part that sends has the time of sending. "HTTP" is src/http, "FHIR" src/fhir and src/interactions, "pg" the driver
and its pool.

| | ${PART_NAMES.join(' | ')} |
|---|${PART_NAMES.map(() => '---|').join('')}
${profiles.map(({ name, shares }) => `| ${name} | ${PART_NAMES.map((part) => Math.round(100 * (shares.get(part) ?? 0))).join(' | ')} |`).join('\n')}`;

/** How many times as long a request may take in the largest corpus as in the smallest. */
const MAX_GROWTH = 1.35;

export function buildTable({ resources, bytes, rows }: Size): string {
  return `## ${resources.toLocaleString('en')} resources

A resource has ${Math.round(bytes.json)} bytes of JSON on average. It needs ${Math.round(bytes.stored)} bytes in the database, with all indexes.

| | clients | floor /s | Facet /s | Facet ÷ floor | Facet p50 / p95 / p99 ms | CPU floor | CPU Facet | CPU ÷ floor | WAL kB |
|---|---|---|---|---|---|---|---|---|---|
${rows.map(buildLine).join('\n')}`;
}

export function buildLine({ name, clients, floor, facet }: Row): string {
  const times = [facet.p50, facet.p95, facet.p99].map((ms) => ms.toFixed(2)).join(' / ');
  const cpuRatio = floor?.cpu && facet.cpu ? (sum(facet.cpu) / sum(floor.cpu)).toFixed(1) : '–';
  const wrong = facet.wrong + (floor?.wrong ?? 0);
  const cells = [
    name,
    clients,
    floor ? Math.round(floor.perSecond) : '–',
    Math.round(facet.perSecond),
    floor ? (facet.perSecond / floor.perSecond).toFixed(2) : '–',
    times,
    formatCpu(floor),
    formatCpu(facet),
    cpuRatio,
    (facet.wal / 1024).toFixed(1),
    ...(wrong ? [`${wrong} wrong responses`] : []),
  ];
  return `| ${cells.join(' | ')} |`;
}

const sum = ({ server, database }: { server: number; database: number }): number => server + database;
const formatCpu = (measured: Measured | undefined): string =>
  measured?.cpu ? `${measured.cpu.server.toFixed(3)} + ${measured.cpu.database.toFixed(3)}` : '–';

/** The p50 of one client in the smallest and the largest corpus, for requests that find as much in both, beside that of their floor. Empty for one size. */
export function buildGrowth(sizes: Size[]): string {
  const [smallest, largest] = [sizes[0]!, sizes.at(-1)!];
  if (smallest === largest) return '';
  const lines = smallest.rows.flatMap((row) => {
    const other = largest.rows.find(({ name, clients }) => name === row.name && clients === row.clients);
    if (!row.isFlat || row.clients !== 1 || !other) return [];
    const growth = other.facet.p50 / row.facet.p50;
    const mark = growth > MAX_GROWTH ? ` (over ${MAX_GROWTH})` : '';
    const ofFloor = row.floor && other.floor ? (other.floor.p50 / row.floor.p50).toFixed(2) : '–';
    return [`| ${row.name} | ${row.facet.p50.toFixed(2)} | ${other.facet.p50.toFixed(2)} | ${growth.toFixed(2)}${mark} | ${ofFloor} |`];
  });
  const [from, to] = [smallest, largest].map(({ resources }) => resources.toLocaleString('en'));
  return `## Growth

One client, p50 in ms of requests that find as much in both corpora.

| | ${from} resources | ${to} | ratio | of the floor |
|---|---|---|---|---|
${lines.join('\n')}`;
}
