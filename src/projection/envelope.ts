// Templates of what is sent: JSON in which `$name` stands for a value of the answer, and `$each: name` repeats an object for every member of a list.

/** Values by name, as templates ask for them. */
export type Facts = Readonly<Record<string, unknown>>;

export type Template = (facts: Facts) => unknown;

/** Compiles a template. A name that is not among the `known` is an Error. */
export function templateOf(template: unknown, known: readonly string[]): Template {
  if (typeof template === 'string' && template.startsWith('$')) return named(template.slice(1), known);
  if (Array.isArray(template)) return listOf(template.map((item) => templateOf(item, known)));
  if (template === null || typeof template !== 'object') return () => template;
  const { $each: each, ...rest } = template as Record<string, unknown>;
  return each === undefined ? objectOf(rest, known) : repeated(String(each), rest, known);
}

function named(name: string, known: readonly string[]): Template {
  if (!known.includes(name)) throw new Error(`there is no $${name} here; there are ${known.map((one) => `$${one}`).join(', ')}`);
  return (facts) => facts[name] ?? null;
}

const listOf =
  (items: Template[]): Template =>
  (facts) =>
    items.map((item) => item(facts));

function objectOf(template: Record<string, unknown>, known: readonly string[]): Template {
  const entries = Object.entries(template).map(([key, value]) => {
    const name = key.startsWith('$') ? named(key.slice(1), known) : () => key;
    return { name, value: templateOf(value, known) };
  });
  return (facts) => Object.fromEntries(entries.map(({ name, value }) => [name(facts), value(facts)]));
}

/** What a member of a list can be asked for, by the list's name. */
const MEMBERS: Record<string, string[]> = { issues: ['severity', 'issueCode', 'text', 'field'] };

function repeated(name: string, template: Record<string, unknown>, known: readonly string[]): Template {
  const list = named(name, known);
  const member = objectOf(template, [...known, ...(MEMBERS[name] ?? [])]);
  return (facts) => (list(facts) as Facts[]).map((one) => member({ ...facts, ...one }));
}
