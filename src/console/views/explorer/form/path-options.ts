// What the next part of a parameter's name can be: a parameter, a reference to follow, or a resource that refers to this one.
import type { ComboboxOption } from '../../../components/use-options.ts';
import { type Capabilities, listReferrers } from '../query/capabilities.ts';

/** A reference to more types is offered once, for all of them. */
const MAX_TARGETS = 12;

/** The options for resources of these types. The value of an option is what it adds to the name. */
export function listPathOptions(capabilities: Capabilities, types: readonly string[]): ComboboxOption[] {
  const parameters = types.flatMap((type) => capabilities.types.get(type)?.parameters ?? []);
  const codes = new Map(parameters.map((parameter) => [parameter.code, parameter]));
  const own = [...codes.values()].map(({ code, kind }) => ({ value: code, title: code, hint: kind }));
  const references = [...codes.values()].filter(({ targets }) => targets.length > 0);
  const followed = references.flatMap(({ code, targets }) =>
    targets.length > MAX_TARGETS
      ? [{ value: `${code}.`, title: `${code} → …`, hint: 'follow it to any type' }]
      : targets.map((target) => ({ value: `${code}:${target}.`, title: `${code} → ${target}`, hint: 'follow it' })),
  );
  const referring = types.flatMap((type) => listReferrers(capabilities, type));
  const reverse = referring.map(({ type, code }) => ({
    value: `_has:${type}:${code}:`,
    title: `← ${type}.${code}`,
    hint: 'refers to it (_has)',
  }));
  return [...sortCommon(own), ...followed, ...new Map(reverse.map((option) => [option.value, option])).values()];
}

/** The parameters of all types begin with an underscore: they come last. */
const sortCommon = (options: ComboboxOption[]): ComboboxOption[] => [
  ...options.filter(({ value }) => !value.startsWith('_')),
  ...options.filter(({ value }) => value.startsWith('_')),
];
