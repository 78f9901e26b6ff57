// The generated schemas, compiled by ajv: one function per type, made when a type is first asked for.
// Two ways: quick (stops at the first fault, for every write) and thorough (finds all, for resources that failed).
import { _, Ajv, type AnySchemaObject, type KeywordCxt, type ValidateFunction } from 'ajv';
import names from 'ajv/dist/compile/names.js';
import { SCHEMA } from './definitions.ts';
import { faultsOf } from './faults.ts';
import { TEXT_TYPES } from './primitives.ts';
import type { Fault, SchemaRule } from './schema-rules/rule.ts';
import { SCHEMA_RULES } from './schema-rules.ts';
import { isServed, type ServedType } from './types.ts';

/** Answers what is wrong with a resource of a type: an empty list, when nothing is. */
export type Check = (resource: object, type: ServedType) => Fault[];

/** Compiles nothing yet; the first call for a type does. */
export function compiled({ thorough }: { thorough: boolean }): Check {
  const ajv = new Ajv({
    allErrors: thorough,
    verbose: true,
    strict: true,
    strictTypes: false,
    allowUnionTypes: true,
    validateSchema: false,
  });
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (type: string): ValidateFunction => {
    const known = validators.get(type) ?? ajv.getSchema(`${SCHEMA.$id}#/$defs/${type}`)!;
    validators.set(type, known);
    return known;
  };
  const rules: Record<string, SchemaRule<never>> = { ...SCHEMA_RULES };
  rules.contained = containedRule(validatorOf, rules);
  for (const [name, { is }] of Object.entries(TEXT_TYPES)) ajv.addFormat(`fhir-${name}`, { type: 'string', validate: is });
  for (const [keyword, rule] of Object.entries(rules)) addRule(ajv, keyword, rule);
  ajv.addSchema(SCHEMA as AnySchemaObject);
  return (resource, type) => {
    const validator = validatorOf(type);
    return validator(resource) ? [] : faultsOf(validator.errors ?? [], resource, rules);
  };
}

/** A resource in a resource: checked as its own type when that is served, for FHIR's form of JSON otherwise. Ids and references are the root's. */
function containedRule(validatorOf: (type: string) => ValidateFunction, rules: Record<string, SchemaRule<never>>): SchemaRule<true> {
  const validate = (inner: Record<string, unknown>, root: object): ValidateFunction | undefined => {
    const type = String(inner.resourceType);
    const validator = validatorOf(isServed(type) ? type : 'DomainResource');
    const context = {
      instancePath: '',
      parentData: {},
      parentDataProperty: '',
      rootData: root as Record<string, unknown>,
      dynamicAnchors: {},
    };
    return validator(inner, context) ? undefined : validator;
  };
  return {
    check: () => (inner, root) => validate(inner, root) === undefined,
    explain: (_value, inner, root) => faultsOf(validate(inner, root)?.errors ?? [], root, rules),
  };
}

/** Written into the compiled code as a plain call, so that a check that holds costs no allocation. */
function addRule(ajv: Ajv, keyword: string, rule: SchemaRule<never>): void {
  ajv.addKeyword({
    keyword,
    ...(keyword === 'plain' ? {} : { type: ['object', 'string'] }),
    code(cxt: KeywordCxt) {
      const check = cxt.gen.scopeValue('func', { ref: rule.check(cxt.schema as never) });
      cxt.pass(_`${check}(${cxt.data}, ${names.default.rootData})`);
    },
  });
}
