// Groups observations by code, as $lastn defines it: observations that share a coding are of one group, also through the codings of a third one; observations
// without codings are grouped by the text of their code. https://hl7.org/fhir/R4/observation-operation-lastn.html
import { formatSortedJson, listObjects, readMember } from './json-values.ts';

/** Returns the group of each code, as a number. */
export function groupCodes(codes: readonly unknown[]): number[] {
  const parents = codes.map((_code, at) => at);
  const findRoot = (at: number): number => {
    let root = at;
    while (parents[root] !== root) root = parents[root]!;
    parents[at] = root;
    return root;
  };
  const owners = new Map<string, number>();
  for (const [at, code] of codes.entries())
    for (const key of listCodeKeys(code)) {
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, at);
      else parents[findRoot(at)] = findRoot(owner);
    }
  return codes.map((_code, at) => findRoot(at));
}

/** "Codes SHALL be considered equivalent if the coding.value and coding.system are the same. Text only codes SHALL be grouped based on the text." */
function listCodeKeys(concept: unknown): string[] {
  const codings = listObjects(readMember(concept, 'coding')).filter(({ code }) => typeof code === 'string');
  if (codings.length) return codings.map(({ system = null, code }) => JSON.stringify([system, code]));
  const text = readMember(concept, 'text');
  return [typeof text === 'string' ? JSON.stringify({ text }) : formatSortedJson(concept)];
}
