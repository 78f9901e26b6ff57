// Templates of what is sent: JSON in which `$name` stands for a value of the answer, and `$each: name` repeats what stands beside it for every member of a
// list: as a list, or with `$by: name` as an object of lists under that value of the members (errors by field). `$value` repeats one value, not an object.

/** Values by name, as templates ask for them. */
export type TemplateValues = Readonly<Record<string, unknown>>;

export type Template = (facts: TemplateValues) => unknown;

/** Compiles a template. A name that is not among the `known` is an Error. */
export function compileTemplate(template: unknown, known: readonly string[]): Template {
  if (typeof template === 'string' && template.startsWith('$')) return compileName(template.slice(1), known);
  if (Array.isArray(template)) return compileList(template.map((item) => compileTemplate(item, known)));
  if (template === null || typeof template !== 'object') return () => template;
  return readRepetition(template)
    ? compileRepetition(readRepetition(template)!, known)
    : compileObject(template as Record<string, unknown>, known);
}

/** What is repeated for each member of a list. */
interface Repetition {
  each: string;
  by: string | undefined;
  /** What stands for one member. */
  member: unknown;
}

/** The repetition that an object of a template is; undefined: it is a plain object. */
export function readRepetition(template: unknown): Repetition | undefined {
  const { $each: each, $by: by, ...rest } = template as Record<string, unknown>;
  if (each === undefined) return undefined;
  return { each: String(each), by: by === undefined ? undefined : String(by), member: '$value' in rest ? rest.$value : rest };
}

function compileName(name: string, known: readonly string[]): Template {
  if (!known.includes(name)) throw new Error(`there is no $${name} here; there are ${known.map((one) => `$${one}`).join(', ')}`);
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

/** What a member of a list can be asked for, by the list's name. */
const MEMBER_NAMES: Record<string, string[]> = { issues: ['severity', 'issueCode', 'text', 'field'], pages: ['rel', 'url'] };

function compileRepetition({ each, by, member }: Repetition, known: readonly string[]): Template {
  const list = compileName(each, known);
  const inside = [...known, ...(MEMBER_NAMES[each] ?? [])];
  const made = compileTemplate(member, inside);
  if (by === undefined) return (facts) => (list(facts) as TemplateValues[]).map((one) => made({ ...facts, ...one }));
  const key = compileName(by, inside);
  return (facts) => {
    const groups = Map.groupBy(list(facts) as TemplateValues[], (one) => key({ ...facts, ...one }));
    const told = [...groups].filter(([name]) => name !== null);
    return Object.fromEntries(told.map(([name, members]) => [String(name), members.map((one) => made({ ...facts, ...one }))]));
  };
}
