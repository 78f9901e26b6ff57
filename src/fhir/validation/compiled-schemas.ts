// Compiles the generated schemas with ajv: one function per type, compiled at its first use.
// Quick schemas stop at the first fault (for every write). Thorough schemas find all faults (for resources that failed).
import { _, Ajv, type AnySchemaObject, type KeywordCxt, type ValidateFunction } from 'ajv';
import names from 'ajv/dist/compile/names.js';
import { R4_SCHEMA } from '../json-schema.ts';
import type { ServedType } from '../types.ts';
import { toFaults } from './faults.ts';
import { buildBranchesRule, buildContainedRule, buildStandaloneRule } from './nested-schema.ts';
import { TEXT_TYPES } from './primitives.ts';
import type { Fault, SchemaRule } from './schema-rule.ts';
import { SCHEMA_RULES } from './schema-rules.ts';

/** The validators of the served types. */
export interface CompiledSchemas {
  isValid(resource: object, type: ServedType): boolean;
  /** The faults of a resource. Empty if it is valid. */
  findFaults(resource: object, type: ServedType): Fault[];
}

/** Prepares the validators. The first call for a type compiles its schema. */
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
  const findValidator = (type: string): ValidateFunction => {
    const known = validators.get(type) ?? ajv.getSchema(`${R4_SCHEMA.$id}#/$defs/${type}`)!;
    validators.set(type, known);
    return known;
  };
  const rules: Record<string, SchemaRule<never>> = { ...SCHEMA_RULES };
  rules.contained = buildContainedRule(findValidator, rules);
  rules.standalone = buildStandaloneRule(findValidator, rules);
  rules.branches = buildBranchesRule(findValidator, rules);
  for (const [name, { isValid }] of Object.entries(TEXT_TYPES)) ajv.addFormat(`fhir-${name}`, { type: 'string', validate: isValid });
  for (const [keyword, rule] of Object.entries(rules)) addKeyword(ajv, keyword, rule);
  // the assertion: the generated file is a JSON Schema
  ajv.addSchema(R4_SCHEMA as AnySchemaObject);
  return {
    isValid: (resource, type) => findValidator(type)(resource) === true,
    findFaults(resource, type) {
      const validator = findValidator(type);
      return validator(resource) ? [] : toFaults(validator.errors ?? [], resource, rules);
    },
  };
}

/** Adds a keyword as a function call in the compiled code, so that a passing check allocates nothing. The assertion: generated schemas give each keyword its own form of value. */
function addKeyword(ajv: Ajv, keyword: string, rule: SchemaRule<never>): void {
  ajv.addKeyword({
    keyword,
    type: ['object', 'string'],
    code(cxt: KeywordCxt) {
      const check = cxt.gen.scopeValue('func', { ref: rule.check(cxt.schema as never) });
      cxt.pass(_`${check}(${cxt.data}, ${names.default.rootData})`);
    },
  });
}
