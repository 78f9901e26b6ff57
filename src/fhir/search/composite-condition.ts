// `code$value` of a composite parameter as a test of occurrences. https://hl7.org/fhir/R4/search.html#composite
import type { Component, Part } from '../indexing/composite.ts';
import { formHashAt, keyHash, pairHash } from '../indexing/composites.ts';
import { invalid } from '../outcome.ts';
import { anyOf } from './condition-sentences.ts';
import { dateTests } from './date-condition.ts';
import { numberTests, quantityTests } from './number-condition.ts';
import type { SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { beginning } from './string-condition.ts';
import { alternatives, components, unescaped } from './text.ts';
import { ANY_VALUE, type AskedForm, formOf } from './token-condition.ts';

/** What the component that is no token asks. */
type Asked = Pick<Extract<Condition, { on: 'composite' }>, 'forms' | 'within'>;

/** OR of occurrences in which all components hold. */
export function compositeCondition({ code, parts = [] }: SearchParameter, value: string, now: Date): Condition {
  const [{ components: expected }] = parts as [Part];
  const conditions = alternatives(code, value).flatMap((piece): Condition[] => {
    const texts = components(piece);
    if (texts.length !== expected.length) throw invalid(`${code} takes ${expected.length} values with a $ between them`);
    const forms = expected.flatMap((component, at) => (component.kind === 'token' ? [form(code, component, texts[at]!)] : []));
    const other = expected.findIndex(({ kind }) => kind !== 'token');
    const asked = other < 0 ? undefined : OTHERS[expected[other]!.kind as OtherKind](code, texts[other]!, now);
    return forms.every((one) => one !== undefined) ? [occurrence(parts, forms, asked)] : [];
  });
  return anyOf(conditions);
}

function form(code: string, component: Component, text: string): AskedForm | undefined {
  const asked = formOf({ code, ...component }, text);
  if (asked === ANY_VALUE) throw invalid(`${code} takes a code in each of its values`);
  return asked;
}

function occurrence(parts: readonly Part[], asked: AskedForm[], other: Asked | undefined): Condition {
  const texts = asked.map(({ text }) => text);
  if (!other) return { on: 'token', any: parts.map((part) => pairHash(part, texts)) };
  const codes = asked.flatMap(({ code }) => code ?? []);
  const [parameter, ...others] = parts.map(({ number }) => number);
  return {
    on: 'composite',
    parameter: parameter!,
    ...(others.length && { others }),
    ...(codes.length === asked.length && { key: keyHash(codes) }),
    forms: [...texts.map((text, at) => formHashAt(at, text)), ...other.forms],
    within: other.within,
  };
}

type OtherKind = Exclude<Component['kind'], 'token'>;

const OTHERS: Record<OtherKind, (code: string, text: string, now: Date) => Asked> = {
  number: (code, text) => ({ forms: [], within: { of: 'number', any: numberTests(code, unescaped(text)) } }),
  quantity: (code, text) => {
    const { unit, measure, any } = quantityTests(code, text);
    return { forms: [unit, measure].filter((one) => one !== undefined), within: { of: measure === undefined ? 'number' : 'measure', any } };
  },
  date: (code, text, now) => ({ forms: [], within: { of: 'date', any: dateTests(code, text, now) } }),
  string: (code, text) => ({ forms: [], within: { of: 'norm', ...beginning(code, unescaped(text)) } }),
};
