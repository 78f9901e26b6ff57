// Parses `code$value` of a composite parameter into a test of occurrences. https://hl7.org/fhir/R4/search.html#composite

import { hashCodePair, hashComponentForm, hashCompositeKey } from '../indexing/composite-rows.ts';
import type { CompositeComponent, CompositePart } from '../indexing/indexed-parameter.ts';
import { invalid } from '../outcome.ts';
import { parseDateTests } from './date-condition.ts';
import { parseNumberTests, parseQuantityTests } from './number-condition.ts';
import { type Condition, combineWithOr } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, splitComponents, unescapeValue } from './search-value.ts';
import { toBeginsWithRange } from './string-condition.ts';
import { ANY_VALUE, parseTokenForm, type TokenForm } from './token-condition.ts';

/** The test of the component that is not a token. */
type ValueTest = Pick<Extract<Condition, { on: 'composite' }>, 'forms' | 'within'>;

/** Alternatives are combined by OR. In each, all components must hold in one occurrence. */
export function parseCompositeCondition({ code, parts = [] }: SearchParameter, value: string, now: Date): Condition {
  const { components: expected } = parts[0]!;
  const conditions = splitAlternatives(code, value).flatMap((piece): Condition[] => {
    const texts = splitComponents(piece);
    if (texts.length !== expected.length) throw invalid(`${code} takes ${expected.length} values with a $ between them`);
    const forms = expected.flatMap((component, at) =>
      component.kind === 'token' ? [parseComponentForm(code, component, texts[at]!)] : [],
    );
    const other = expected.findIndex(({ kind }) => kind !== 'token');
    // the assertion: findIndex has excluded `token`
    const valueTest = other < 0 ? undefined : VALUE_PARSERS[expected[other]!.kind as ValueComponentKind](code, texts[other]!, now);
    return forms.every((form) => form !== undefined) ? [buildOccurrenceCondition(parts, forms, valueTest)] : [];
  });
  return combineWithOr(conditions);
}

function parseComponentForm(code: string, component: CompositeComponent, text: string): TokenForm | undefined {
  const form = parseTokenForm({ code, ...component }, text);
  if (form === ANY_VALUE) throw invalid(`${code} needs a code in each of its token values`);
  return form;
}

function buildOccurrenceCondition(parts: readonly CompositePart[], forms: TokenForm[], valueTest: ValueTest | undefined): Condition {
  const texts = forms.map(({ text }) => text);
  if (!valueTest) return { on: 'token', any: parts.map((part) => hashCodePair(part, texts)) };
  const codes = forms.flatMap(({ code }) => code ?? []);
  const [parameter, ...others] = parts.map(({ number }) => number);
  return {
    on: 'composite',
    parameter: parameter!,
    ...(others.length && { others }),
    ...(codes.length === forms.length && { key: hashCompositeKey(codes) }),
    forms: [...texts.map((text, at) => hashComponentForm(at, text)), ...valueTest.forms],
    within: valueTest.within,
  };
}

type ValueComponentKind = Exclude<CompositeComponent['kind'], 'token'>;

const VALUE_PARSERS: Record<ValueComponentKind, (code: string, text: string, now: Date) => ValueTest> = {
  number: (code, text) => ({ forms: [], within: { of: 'number', any: parseNumberTests(code, unescapeValue(text)) } }),
  quantity: (code, text) => {
    const { unit, measure, any } = parseQuantityTests(code, text);
    return {
      forms: [unit, measure].filter((form) => form !== undefined),
      within: { of: measure === undefined ? 'number' : 'measure', any },
    };
  },
  date: (code, text, now) => ({ forms: [], within: { of: 'date', any: parseDateTests(code, text, now) } }),
  string: (code, text) => ({ forms: [], within: { of: 'norm', ...toBeginsWithRange(code, unescapeValue(text)) } }),
};
