// Validates a document: the rules of GraphQL, with error texts that name the fields of FHIR.
import {
  type DocumentNode,
  FieldsOnCorrectTypeRule,
  GraphQLError,
  type GraphQLSchema,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { formatSuggestion } from '../closest-name.ts';
import { listElementNames } from '../elements.ts';

/** The most errors that are reported. */
const MAX_ERRORS = 10;

export const validateDocument = (schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] =>
  validate(schema, document, [...specifiedRules.filter((rule) => rule !== FieldsOnCorrectTypeRule), FHIR_FIELDS], {
    maxErrors: MAX_ERRORS,
    hideSuggestions: true,
  });

/** A field that its type does not have. The schema of a document has only names of the document, so suggestions come from the elements of the type. */
const FHIR_FIELDS: ValidationRule = (context) => ({
  Field(node) {
    const type = context.getParentType();
    if (!type || context.getFieldDef()) return;
    const name = node.name.value.slice(0, 64);
    const { fhirType } = type.extensions;
    const meant = typeof fhirType === 'string' ? formatSuggestion(name, listElementNames(fhirType)) : '';
    const hint = type.name === 'Resource' ? ': name its type in a fragment (... on Patient) or in resource(type: Patient)' : meant;
    context.reportError(new GraphQLError(`${type.name} has no field ${name}${hint}`, { nodes: node }));
  },
});
