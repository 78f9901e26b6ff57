// A schema as a table: each property with its type, its rules and its FHIR element.
import { follow, nameOf } from './documents.js';
import { h } from './dom.js';

const RULES = ['enum', 'const', 'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'default'];
/** Nested schemas below this depth are not shown. */
const DEEPEST = 4;

/** The table of a schema. A schema without properties is shown as its type. */
export function schemaTable(content, schema) {
  const rows = rowsOf(content, schema, { depth: 0, seen: [] });
  if (!rows.length) return h('p', { className: 'quiet' }, typeOf(content, schema));
  const noted = rows.some(({ path }) => path);
  const head = ['Property', 'Type', 'Rules', noted && 'In FHIR'].filter(Boolean);
  return h(
    'div',
    { className: 'scroll' },
    h(
      'table',
      { className: 'schema' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((text) => h('th', { scope: 'col' }, text)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) => rowElement(row, noted)),
      ),
    ),
  );
}

function rowElement({ name, depth, required, type, rules, said, path }, noted) {
  return h(
    'tr',
    {},
    h('th', { scope: 'row', className: `depth${depth}` }, h('code', {}, name), required && h('abbr', { title: 'always there' }, '*')),
    h('td', {}, type),
    h(
      'td',
      {},
      rules.map((rule) => [h('code', {}, rule), ' ']),
      said && h('small', {}, said),
    ),
    noted && h('td', {}, path && h('code', { className: 'path' }, path)),
  );
}

function rowsOf(content, given, { depth, seen }) {
  const name = nameOf(given);
  if (depth > DEEPEST || (name && seen.includes(name))) return [];
  const schema = follow(content, given);
  if (schema.anyOf && !schema.properties) return rowsOf(content, schema.anyOf[0], { depth, seen });
  if (schema.items) return rowsOf(content, schema.items, { depth, seen });
  return Object.entries(schema.properties ?? {})
    .filter(([property]) => !property.startsWith('_'))
    .flatMap(([property, value]) => [
      {
        name: property,
        depth,
        required: schema.required?.includes(property),
        type: typeOf(content, value),
        rules: rulesOf(value.items ?? value),
        said: value.description,
        path: value['x-fhir-path'],
      },
      ...(isOfItsOwn(value) ? rowsOf(content, value, { depth: depth + 1, seen: [...seen, name] }) : []),
    ]);
}

/** Types with a FHIR name are not expanded: the FHIR specification describes them. */
const isOfItsOwn = (value) =>
  nameOf(value.items ?? value) === '' ? true : !/^[A-Z][A-Za-z]+$/.test(nameOf(value.items ?? value)) || value['x-open'];

function typeOf(content, schema) {
  const name = nameOf(schema);
  if (name) return name;
  if (schema.items) return `${typeOf(content, schema.items)}[]`;
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(content, one)).join(' or ');
  return [schema.type ?? (schema.const === undefined && !schema.enum ? 'any' : 'string')].flat().join(' or ');
}

const rulesOf = (schema) =>
  RULES.filter((rule) => schema[rule] !== undefined).map((rule) =>
    rule === 'enum' ? schema.enum.filter((word) => word !== null).join(' | ') : `${rule}: ${JSON.stringify(schema[rule])}`,
  );
