// Templates of response bodies: JSON in which `$name` is a value of the response. `{"$each": "issues", "message": "$text"}` gives a list with one object for
// each issue. With `"$by": "field"` it gives an object: field → list of these objects. With `"$value": "$text"` each member is that value, not an object.

import { toRecord, toRecords } from '../../fhir/json-values.ts';
/** The values of a template by name. */
export type TemplateValues = Readonly<Record<string, unknown>>;

export type Template = (facts: TemplateValues) => unknown;

/** Compiles a template; throws for a name that is not in `known`. */
export function compileTemplate(template: unknown, known: readonly string[]): Template {
  if (typeof template === 'string' && template.startsWith('$')) return compileName(template.slice(1), known);
  if (Array.isArray(template)) return compileList(template.map((item) => compileTemplate(item, known)));
  if (template === null || typeof template !== 'object') return () => template;
  return readRepetition(template) ? compileRepetition(readRepetition(template)!, known) : compileObject(toRecord(template), known);
}

/** A template that is repeated for each member of a list. */
interface Repetition {
  each: string;
  by: string | undefined;
  /** The template of one member. */
  member: unknown;
}

/** The repetition in a template object; undefined: none. */
export function readRepetition(template: unknown): Repetition | undefined {
  const { $each: each, $by: by, ...rest } = toRecord(template);
  if (each === undefined) return undefined;
  return { each: String(each), by: by === undefined ? undefined : String(by), member: '$value' in rest ? rest.$value : rest };
}

function compileName(name: string, known: readonly string[]): Template {
  if (!known.includes(name))
    throw new Error(`there is no $${name} here; there are ${known.map((knownName) => `$${knownName}`).join(', ')}`);
  return (facts) => facts[name] ?? null;
}

const compileList =
  (items: Template[]): Template =>
  (facts) =>
    items.map((item) => item(facts));

function compileObject(template: Record<string, unknown>, known: readonly string[]): Template {
  const entries = Object.entries(template).map(([key, value]) => {
    const name = key.startsWith('$') ? compileName(key.slice(1), known) : () => key;
    return { name, value: compileTemplate(value, known) };
  });
  return (facts) => Object.fromEntries(entries.map(({ name, value }) => [name(facts), value(facts)]));
}

/** List → the names that its members have. */
const MEMBER_NAMES: Record<string, string[]> = { issues: ['severity', 'issueCode', 'text', 'field'], pages: ['rel', 'url'] };

function compileRepetition({ each, by, member }: Repetition, known: readonly string[]): Template {
  const list = compileName(each, known);
  const inside = [...known, ...(MEMBER_NAMES[each] ?? [])];
  const buildMember = compileTemplate(member, inside);
  if (by === undefined) return (facts) => toRecords(list(facts)).map((object) => buildMember({ ...facts, ...object }));
  const key = compileName(by, inside);
  return (facts) => {
    const groups = Map.groupBy(toRecords(list(facts)), (item) => key({ ...facts, ...item }));
    const named = [...groups].filter(([name]) => name !== null);
    return Object.fromEntries(
      named.map(([name, members]) => [String(name), members.map((member) => buildMember({ ...facts, ...member }))]),
    );
  };
}
