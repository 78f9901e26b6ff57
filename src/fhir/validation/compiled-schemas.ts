// The generated schemas, compiled by ajv: one function per type, made when a type is first asked for.
// Two ways: quick (stops at the first fault, for every write) and thorough (finds all, for resources that failed).
import { _, Ajv, type AnySchemaObject, type KeywordCxt, type ValidateFunction } from 'ajv';
import names from 'ajv/dist/compile/names.js';
import { R4_SCHEMA } from '../json-schema.ts';
import type { ServedType } from '../types.ts';
import { toFaults } from './faults.ts';
import { TEXT_TYPES } from './primitives.ts';
import { buildBranchesRule, buildContainedRule } from './schema-rules/nested-schema.ts';
import type { Fault, SchemaRule } from './schema-rules/rule.ts';
import { SCHEMA_RULES } from './schema-rules.ts';

/** The served types as functions. */
export interface CompiledSchemas {
  passes(resource: object, type: ServedType): boolean;
  /** What is wrong with a resource; an empty list, when nothing is. */
  faults(resource: object, type: ServedType): Fault[];
}

/** Compiles nothing yet; the first call for a type does. */
export function compileSchemas({ thorough }: { thorough: boolean }): CompiledSchemas {
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
    const known = validators.get(type) ?? ajv.getSchema(`${R4_SCHEMA.$id}#/$defs/${type}`)!;
    validators.set(type, known);
    return known;
  };
  const rules: Record<string, SchemaRule<never>> = { ...SCHEMA_RULES };
  rules.contained = buildContainedRule(validatorOf, rules);
  rules.branches = buildBranchesRule(validatorOf, rules);
  for (const [name, { isValid }] of Object.entries(TEXT_TYPES)) ajv.addFormat(`fhir-${name}`, { type: 'string', validate: isValid });
  for (const [keyword, rule] of Object.entries(rules)) addKeyword(ajv, keyword, rule);
  ajv.addSchema(R4_SCHEMA as AnySchemaObject);
  return {
    passes: (resource, type) => validatorOf(type)(resource) === true,
    faults(resource, type) {
      const validator = validatorOf(type);
      return validator(resource) ? [] : toFaults(validator.errors ?? [], resource, rules);
    },
  };
}

/** Written into the compiled code as a plain call, so that a check that holds costs no allocation. */
function addKeyword(ajv: Ajv, keyword: string, rule: SchemaRule<never>): void {
  ajv.addKeyword({
    keyword,
    ...(keyword === 'plain' ? {} : { type: ['object', 'string'] }),
    code(cxt: KeywordCxt) {
      const check = cxt.gen.scopeValue('func', { ref: rule.check(cxt.schema as never) });
      cxt.pass(_`${check}(${cxt.data}, ${names.default.rootData})`);
    },
  });
}
