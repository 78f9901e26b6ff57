// Makes src/fhir/generated/invariants.json: the error-level constraints of all types, by the type that defines them and their key (`Task.inv-1`).
// https://hl7.org/fhir/R4/conformance-rules.html#constraints
import { type Constraint, type ElementDefinition, isPrimitive, reachableGroups, typesOf } from './definitions.ts';

/** Expressions of R4 that do not say what R4's own text of the constraint says, each with the reason. */
const CORRECTIONS: Record<string, string> = {
  // the code system is a placeholder ('something'), so that every consent would meet them. https://hl7.org/fhir/R4/consent.html#invs
  ...Object.fromEntries(
    Object.entries({ 'ppc-2': 'patient-privacy', 'ppc-3': 'research', 'ppc-4': 'adr', 'ppc-5': 'treatment' }).map(([key, scope]) => [
      `Consent.${key}`,
      `patient.exists() or scope.coding.where(system='http://terminology.hl7.org/CodeSystem/consentscope' and code='${scope}').exists().not()`,
    ]),
  ),
  // `type.select(…).exists()` is true if there is any type. A kind of Quantity counts as one, and a type with a URL is not FHIR's (inferences).
  // https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.binding
  'ElementDefinition.eld-11':
    "binding.empty() or type.code.empty() or type.where(code.contains(':') or code in ('code' | 'Coding' | 'CodeableConcept' | 'Quantity' | 'Age' | 'Count' | 'Distance' | 'Duration' | 'string' | 'uri')).exists()",
  // the regular expression is not anchored, so that one allowed character anywhere would be enough
  'ElementDefinition.eld-19': String.raw`path.matches('^[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*$')`,
  // a boolean element has FHIR's type boolean, not System.Boolean, so that no answer would be allowed
  'Questionnaire.que-7': "operator = 'exists' implies (answer is boolean)",
};

/** Constraints of the type definitions at hand that R4 does not have: evv-1 is about elements of later versions. https://hl7.org/fhir/R4/evidencevariable.html */
const NOT_OF_R4: ReadonlySet<string> = new Set(['evv-1']);

/** The text of invariants.json: one line per constraint. `on`: the type of the element that has it. */
export function invariantsFile(): string {
  const found = new Map<string, object>();
  for (const group of reachableGroups().values()) {
    for (const constraint of errorsOf(group.self)) add(invariantName(constraint, group.name), group.name, constraint);
    for (const element of group.elements) {
      const on = typesOf(element).find((type) => !isPrimitive(type)) ?? typesOf(element)[0]!;
      for (const constraint of errorsOf(element)) add(invariantName(constraint, element.path), on, constraint);
    }
  }
  const lines = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, facts]) => `${JSON.stringify(name)}: ${JSON.stringify(facts)}`);
  return `{\n${lines.join(',\n')}\n}\n`;

  function add(name: string, on: string, { expression }: Constraint): void {
    if (!found.has(name)) found.set(name, { on, expression: CORRECTIONS[name] ?? expression });
  }
}

/** The names of the error-level constraints of an element. `path`: its own, or the name of the group it is the head of. */
export const invariantNames = (element: ElementDefinition, path: string): string[] =>
  errorsOf(element).map((constraint) => invariantName(constraint, path));

const errorsOf = ({ constraint = [] }: ElementDefinition): Constraint[] =>
  constraint.filter(({ key, severity }) => severity === 'error' && !NOT_OF_R4.has(key));

/** The type that defines the constraint, and its key. `source`: the URL of the type it is inherited from. */
const invariantName = ({ key, source }: Constraint, path: string): string =>
  `${source?.slice(source.lastIndexOf('/') + 1) ?? path.split('.')[0]}.${key}`;
