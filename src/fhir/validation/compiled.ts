// The generated schemas, compiled by ajv: one function per type, made when a type is first asked for.
// Two ways: quick (stops at the first fault, for every write) and thorough (finds all, for resources that failed).
import { _, Ajv, type AnySchemaObject, type KeywordCxt, type ValidateFunction } from 'ajv';
import names from 'ajv/dist/compile/names.js';
import { SCHEMA } from '../definitions.ts';
import type { ServedType } from '../types.ts';
import { faultsOf } from './faults.ts';
import { TEXT_TYPES } from './primitives.ts';
import { branchesRule, containedRule } from './schema-rules/other-schema.ts';
import type { Fault, SchemaRule } from './schema-rules/rule.ts';
import { SCHEMA_RULES } from './schema-rules.ts';

/** The served types as functions. */
export interface Compiled {
  passes(resource: object, type: ServedType): boolean;
  /** What is wrong with a resource; an empty list, when nothing is. */
  faults(resource: object, type: ServedType): Fault[];
}

/** Compiles nothing yet; the first call for a type does. */
export function compiled({ thorough }: { thorough: boolean }): Compiled {
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
  rules.branches = branchesRule(validatorOf, rules);
  for (const [name, { is }] of Object.entries(TEXT_TYPES)) ajv.addFormat(`fhir-${name}`, { type: 'string', validate: is });
  for (const [keyword, rule] of Object.entries(rules)) addRule(ajv, keyword, rule);
  ajv.addSchema(SCHEMA as AnySchemaObject);
  return {
    passes: (resource, type) => validatorOf(type)(resource) as boolean,
    faults(resource, type) {
      const validator = validatorOf(type);
      return validator(resource) ? [] : faultsOf(validator.errors ?? [], resource, rules);
    },
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
