// Loads this server's OpenAPI documents as lists of operations.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The name, title and credential of each document. */
export async function index() {
  const { documents } = await (await fetch('openapi')).json();
  return documents;
}

const known = new Map();

/** A document. It is fetched once. */
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

/** Sorts operations by tag, then by path: the collection, one item, longer paths, operations. */
function inTagOrder({ tags = [] }, operations) {
  const rank = (operation) => tags.findIndex(({ name }) => name === operation.tags[0]);
  const depth = ({ path }) => path.split('/').length + (/[$_]/.test(path) ? 10 : 0);
  const method = (operation) => METHODS.indexOf(operation.method);
  return operations.toSorted((a, b) => rank(a) - rank(b) || depth(a) - depth(b) || method(a) - method(b));
}

/** An operation with its `$ref`s to parameters and responses replaced by their targets. */
function resolved(content, operation) {
  const { parameters = [], responses = {} } = operation;
  return {
    ...operation,
    parameters: parameters.map((one) => follow(content, one)),
    responses: Object.entries(responses).map(([status, one]) => ({ status, ...follow(content, one) })),
  };
}

/** The target of a `$ref`. A value without `$ref` is returned unchanged. */
export const follow = (content, { $ref, ...own }) =>
  $ref === undefined
    ? own
    : $ref
        .slice(2)
        .split('/')
        .reduce((part, key) => part[key.replaceAll('~1', '/')], content);

/** The name of the schema in a `$ref`. */
export const nameOf = ({ $ref = '' } = {}) => $ref.split('/').at(-1);

/** The header with the API key, by the security scheme of a document. */
export function credential({ components }, key) {
  const { type, name } = components.securitySchemes.key;
  return type === 'apiKey' ? { [name]: key } : { Authorization: `Bearer ${key}` };
}
