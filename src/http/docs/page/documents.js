// The OpenAPI documents this server gives, as lists of operations.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** What documents there are: name and title of each. */
export async function index() {
  const { documents } = await (await fetch('openapi')).json();
  return documents;
}

const known = new Map();

/** A document, fetched once. */
export function documentOf(name) {
  if (!known.has(name)) known.set(name, load(name));
  return known.get(name);
}

async function load(name) {
  const content = await (await fetch(`openapi/${name}.json`)).json();
  const operations = Object.entries(content.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({
      ...resolved(content, methods[method]),
      path,
      method,
      document: content,
    })),
  );
  return { name, content, operations: inTagOrder(content, operations) };
}

/** By tag, what is used most first: the collection, one item, then what goes deeper. */
function inTagOrder({ tags = [] }, operations) {
  const rank = (operation) => tags.findIndex(({ name }) => name === operation.tags[0]);
  const depth = ({ path }) => path.split('/').length + (/[$_]/.test(path) ? 10 : 0);
  const method = (operation) => METHODS.indexOf(operation.method);
  return operations.toSorted((a, b) => rank(a) - rank(b) || depth(a) - depth(b) || method(a) - method(b));
}

/** An operation with its parameters, answers and body in place of what points to them. */
function resolved(content, operation) {
  const { parameters = [], responses = {} } = operation;
  return {
    ...operation,
    parameters: parameters.map((one) => follow(content, one)),
    responses: Object.entries(responses).map(([status, one]) => ({ status, ...follow(content, one) })),
  };
}

/** What a `$ref` leads to; anything else is itself. */
export const follow = (content, { $ref, ...own }) =>
  $ref === undefined
    ? own
    : $ref
        .slice(2)
        .split('/')
        .reduce((part, key) => part[key.replaceAll('~1', '/')], content);

/** The name of the schema that is pointed to. */
export const nameOf = ({ $ref = '' } = {}) => $ref.split('/').at(-1);

/** The security scheme of a document as the header that carries the key. */
export function credential({ components }, key) {
  const { type, name } = components.securitySchemes.key;
  if (key === '') return {};
  return type === 'apiKey' ? { [name]: key } : { Authorization: `Bearer ${key}` };
}
