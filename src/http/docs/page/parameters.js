// The fields for the parameters of an operation.
import { h, prose } from './dom.js';

/** Further parameters are folded. */
const SHOWN = 8;

/** The values of all fields, by location (path, query, header) and name. */
export function valuesOf(form) {
  const values = {};
  for (const input of form.querySelectorAll('[data-in]')) {
    values[input.dataset.in] = { ...values[input.dataset.in], [input.name]: input.value.trim() };
  }
  return values;
}

/** A row for each parameter. */
export function parameterTable(parameters) {
  const [usual, rest] = parameters.length > SHOWN + 4 ? [parameters.slice(0, SHOWN), parameters.slice(SHOWN)] : [parameters, []];
  return [
    h('div', { className: 'parameters' }, usual.map(parameterRow)),
    rest.length > 0 &&
      h('details', {}, h('summary', {}, `${rest.length} more parameters`), h('div', { className: 'parameters' }, rest.map(parameterRow))),
  ];
}

function parameterRow(parameter) {
  const { name, in: place, required, description, schema = {}, 'x-fhir-search': searches } = parameter;
  const id = `${place}-${name}`;
  return [
    h('label', { htmlFor: id }, h('code', {}, name), required && h('abbr', { title: 'required' }, '*'), h('small', {}, place)),
    h(
      'div',
      {},
      parameterField(id, parameter, schema.type === 'boolean' ? ['true', 'false'] : schema.enum),
      h(
        'small',
        { id: `${id}-text` },
        prose(description),
        searches && [' In FHIR: ', searches.map((text) => [h('code', { className: 'path' }, text), ' '])],
      ),
    ),
  ];
}

/** Filled in: what a request needs, and what the vendor's documented request has. */
function parameterField(id, parameter, words) {
  const { name, in: place, required, schema = {}, example, 'x-documented': documented } = parameter;
  const value = required || place === 'path' || documented ? String(example ?? '') : '';
  const attributes = { id, name, required: Boolean(required), 'aria-describedby': `${id}-text` };
  const field = words
    ? h(
        'select',
        attributes,
        ['', ...words].map((word) => h('option', { value: word, selected: word === value }, word || 'any')),
      )
    : h('input', { type: 'text', ...attributes, placeholder: hintOf(schema, example), autocomplete: 'off', spellcheck: false, value });
  field.dataset.in = place;
  return field;
}

function hintOf({ type, minimum, maximum, default: standard }, example) {
  if (type === 'integer')
    return [minimum !== undefined && `${minimum} to ${maximum}`, standard !== undefined && `${standard} if empty`]
      .filter(Boolean)
      .join(', ');
  return example === undefined ? '' : `for example ${example}`;
}
