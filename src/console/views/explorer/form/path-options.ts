// What the next part of a parameter's name can be: a parameter, a resource that refers to this one and by which reference, or the type to which a reference is followed.
import type { ComboboxOption } from '../../../components/use-options.ts';
import { type Capabilities, listReferrers } from '../query/capabilities.ts';
import { isOpenStep, type Step } from '../query/parameter-path.ts';
import { followSteps } from './rows.ts';

/** The options after these steps. `value`: what an option adds to the name; the code of the reference if the last step has none. */
export function listPathOptions(capabilities: Capabilities, type: string, steps: readonly Step[]): ComboboxOption[] {
  const last = steps.at(-1);
  if (!isOpenStep(last)) return listParameters(capabilities, followSteps(capabilities, type, steps));
  const referrers = listReferrersOf(capabilities, followSteps(capabilities, type, steps.slice(0, -1)));
  return (referrers.get(last.type) ?? []).map((code) => ({ value: code, title: code, hint: 'reference' }));
}

function listParameters(capabilities: Capabilities, types: readonly string[]): ComboboxOption[] {
  const parameters = types.flatMap((type) => capabilities.types.get(type)?.parameters ?? []);
  const codes = new Map(parameters.map(({ code, kind }) => [code, kind]));
  const own = [...codes].map(([code, kind]) => ({ value: code, title: code, hint: kind }));
  const referring = [...listReferrersOf(capabilities, types)].map(([type, references]) => ({
    value: `_has:${type}:${references.length === 1 ? references[0] : ''}:`,
    title: references.length === 1 ? `← ${type}.${references[0]}` : `← ${type}`,
    hint: references.length === 1 ? 'refers to it (_has)' : `refers to it by ${references.join(', ')} (_has)`,
  }));
  return [...sortCommon(own), ...referring];
}

/** The types whose resources may refer to one of these types → the codes of the references. */
function listReferrersOf(capabilities: Capabilities, types: readonly string[]): Map<string, string[]> {
  const codes = new Map<string, string[]>();
  for (const { type, code } of types.flatMap((type) => listReferrers(capabilities, type)))
    codes.set(type, [...new Set([...(codes.get(type) ?? []), code])]);
  return codes;
}

/** The parameters of all types begin with an underscore: they come last. */
const sortCommon = (options: ComboboxOption[]): ComboboxOption[] => [
  ...options.filter(({ value }) => !value.startsWith('_')),
  ...options.filter(({ value }) => value.startsWith('_')),
];

/** The types to which a reference can be followed. `value`: the name that it has then; without a type, it is followed to each of them. */
export const listTargetOptions = ({ code, targets }: { code: string; targets: readonly string[] }): ComboboxOption[] => [
  ...targets.map((target) => ({ value: `${code}:${target}.`, title: `→ ${target}`, hint: 'a parameter of it' })),
  ...(targets.length > 1 ? [{ value: `${code}.`, title: '→ any type', hint: 'a parameter of any of them' }] : []),
];
