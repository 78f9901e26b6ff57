// What is no item for a word (`except:`) is on no list either: `only:` leaves it out, by what it must not be or by all that it may be. Checked at start.
import { TOKENS } from '../../fhir/indexing/token-values.ts';
import type { Registry } from '../../fhir/search/parameters.ts';
import type { Lens } from '../lens/lens.ts';
import type { MappingSpec } from '../spec.ts';
import type { Fault } from './check-lens.ts';

export function checkExcept(
  lens: Lens,
  { resource, except = {}, only = '', interactions }: MappingSpec,
  { registry, fault }: { registry: Registry; fault: Fault },
): void {
  if (!interactions.includes('search')) return;
  for (const [name, word] of Object.entries(except)) {
    const made = lens.write({ [name]: word }, { resourceType: resource }, { alias: () => '' }, { server: true });
    const codesBy = (code: string): string[] =>
      (registry.lookup(resource, code)?.values(made) ?? []).flatMap(({ type, value }) =>
        (TOKENS[type]?.(value as never) ?? []).flatMap((token) => token.code ?? []),
      );
    if (only.split('&').some((part) => leavesOut(part, codesBy))) continue;
    const seen = registry.list(resource).find(({ code, type }) => type === 'token' && codesBy(code).length > 0)?.code ?? name;
    const how = `leave it out by only:, as in ${seen}:not=${codesBy(seen)[0] ?? word}, or in ${seen}= with all that is listed`;
    fault(['except'], new Error(`lists show what is ${word}: ${how}`));
  }
}

/** Whether a part of a search finds nothing that has these codes. */
function leavesOut(part: string, codesBy: (code: string) => string[]): boolean {
  const [, code = '', not, values = ''] = /^([\w-]+)(:not)?=(.*)$/.exec(part) ?? [];
  const codes = codesBy(code);
  const isNamed = values.split(',').some((value) => codes.includes(value.replace(/^.*\|/, '')));
  return not ? isNamed : codes.length > 0 && !isNamed;
}
