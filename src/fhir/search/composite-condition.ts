// Parses `code$value` of a composite parameter into a test of occurrences. https://hl7.org/fhir/R4/search.html#composite

import { combineLists, hashCodePair, hashComponentForm, hashCompositeKey } from '../indexing/composite-rows.ts';
import {
  type CodedComponent,
  type CodedKind,
  type CompositePart,
  isCoded,
  type RangeComponent,
  type RangeKind,
} from '../indexing/indexed-parameter.ts';
import { invalid } from '../outcome.ts';
import { parseDateTests } from './date-condition.ts';
import { parseNumberTests, parseQuantityTests } from './number-condition.ts';
import { type Condition, combineWithOr, RANGE_ORDER, type Within } from './query.ts';
import { toTargetTexts } from './reference-condition.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, splitComponents, unescapeValue } from './search-value.ts';
import { toBeginsWithRange } from './string-condition.ts';
import { ANY_VALUE, parseTokenForm, type TokenForm } from './token-condition.ts';

/** The inputs of parsing. */
interface Context {
  now: Date;
  baseUrl: string;
}

/** The test of a range component. `forms`: the names of its unit. */
interface RangeTest {
  forms: string[];
  within: Within;
}

/** Alternatives are combined by OR. In each, all components must hold in one occurrence. */
export function parseCompositeCondition({ code, parts = [] }: SearchParameter, value: string, context: Context): Condition {
  const { components } = parts[0]!;
  const conditions = splitAlternatives(code, value).flatMap((piece) => {
    const texts = splitComponents(piece);
    if (texts.length !== components.length) throw invalid(`${code} takes ${components.length} values with a $ between them`);
    const forms: TokenForm[][] = [];
    const ranges: RangeTest[] = [];
    for (const [at, component] of components.entries()) {
      if (isCoded(component)) forms.push(FORM_PARSERS[component.kind](code, component, texts[at]!, context));
      else ranges.push(RANGE_PARSERS[component.kind](code, component, texts[at]!, context));
    }
    return combineLists(forms).map((combination) => buildOccurrenceCondition(parts, combination, ranges));
  });
  return combineWithOr(conditions);
}

type FormParser = (code: string, component: CodedComponent, text: string, context: Context) => TokenForm[];

/** Kind of a coded component → the forms that its value can mean. Without a form, no occurrence matches. */
const FORM_PARSERS: Record<CodedKind, FormParser> = {
  token(code, component, text) {
    const form = parseTokenForm({ code, ...component }, text);
    if (form === ANY_VALUE) throw invalid(`${code} needs a code in each of its token values`);
    return form ? [form] : [];
  },
  reference: (code, { types, targets }, text, { baseUrl }) =>
    toTargetTexts({ code, types }, targets, unescapeValue(text), baseUrl).map((target) => ({ text: target, code: target })),
};

function buildOccurrenceCondition(parts: readonly CompositePart[], forms: TokenForm[], ranges: RangeTest[]): Condition {
  const texts = forms.map(({ text }) => text);
  if (!ranges.length) return { on: 'token', any: parts.map((part) => hashCodePair(part, texts)) };
  const codes = forms.flatMap(({ code }) => code ?? []);
  const [parameter, ...others] = parts.map(({ number }) => number);
  return {
    on: 'composite',
    parameter: parameter!,
    ...(others.length && { others }),
    ...(codes.length === forms.length && { key: hashCompositeKey(codes) }),
    forms: [...texts.map((text, at) => hashComponentForm(at, text)), ...ranges.flatMap((range) => range.forms)],
    within: ranges.map(({ within }) => within).sort((a, b) => RANGE_ORDER.indexOf(a.of) - RANGE_ORDER.indexOf(b.of)),
  };
}

type RangeParser = (code: string, component: RangeComponent, text: string, context: Context) => RangeTest;

const RANGE_PARSERS: Record<RangeKind, RangeParser> = {
  number: (code, { column }, text) => ({
    forms: [],
    within: { of: column === 'measure' ? 'measure' : 'number', any: parseNumberTests(code, unescapeValue(text)) },
  }),
  quantity: (code, _component, text) => {
    const { unit, measure, any } = parseQuantityTests(code, text);
    return {
      forms: [unit, measure].filter((form) => form !== undefined),
      within: { of: measure === undefined ? 'number' : 'measure', any },
    };
  },
  date: (code, _component, text, { now }) => ({ forms: [], within: { of: 'date', any: parseDateTests(code, text, now) } }),
  string: (code, _component, text) => ({ forms: [], within: { of: 'norm', ...toBeginsWithRange(code, unescapeValue(text)) } }),
};
