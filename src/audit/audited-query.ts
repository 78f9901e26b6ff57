// What an event records of a query: the names of its parameters, and values only of parameters that cannot be clinical data or a person's name.

/** Values of these steer the result. Others, also names and identifiers of people, are left out. */
const CONTROL = new Set([
  '_count',
  '_sort',
  '_summary',
  '_elements',
  '_total',
  '_include',
  '_revinclude',
  '_type',
  '_since',
  '_at',
  '_lastUpdated',
]);
/** Values of these are kept if they have the form of a reference or id. */
const REFERENCES = new Set(['_id', 'patient', 'subject', 'encounter', 'entity', 'patientId', 'patient_id']);
const REFERENCE = /^(?:[A-Z][A-Za-z]{1,40}\/)?[A-Za-z0-9\-.]{1,64}$/;
const MAX_LENGTH = 2000;
const NAME = /^[A-Za-z0-9_.:\-[\]]{1,64}$/;

/** The recorded form of a query. Undefined: there are no parameters. */
export function describeQuery(parameters: readonly [name: string, value: string][]): string | undefined {
  if (!parameters.length) return undefined;
  const parts = parameters.map(([name, value]) => {
    if (!NAME.test(name)) return '(unknown name)';
    const isKept = value.length <= 200 && (CONTROL.has(name) || (REFERENCES.has(name) && REFERENCE.test(value)));
    return isKept ? `${name}=${value}` : `${name}=…`;
  });
  return parts.join('&').slice(0, MAX_LENGTH);
}
