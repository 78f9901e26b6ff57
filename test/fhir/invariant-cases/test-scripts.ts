// Cases of the constraints of test scripts and their reports. https://hl7.org/fhir/R4/testscript.html
import { extension, type InvariantCase, type InvariantCases, type Json } from './values.ts';

const operationOrAssert = (operation: Json, assert: Json) => ({
  keeps: [{ operation }, { assert }],
  breaks: [{ operation, assert }, { id: 'a' }],
});

/** The assertions of an assert. */
const ASSERTIONS = {
  contentType: 'json',
  expression: 'id',
  headerField: 'ETag',
  minimumId: 'fixture',
  navigationLinks: true,
  path: 'fhir:id',
  requestMethod: 'get',
  resource: 'Patient',
  responseCode: '200',
  response: 'okay',
  validateProfileId: 'profile',
};

const SINGLE_ASSERTION: InvariantCase = {
  type: 'TestScript.setup.action.assert',
  keeps: [...Object.entries(ASSERTIONS).map(([name, value]) => ({ [name]: value })), { warningOnly: true }, { ...ASSERTIONS, extension }],
  breaks: Object.entries(ASSERTIONS).map(([name, value]) =>
    name === 'path' ? { path: value, expression: 'id' } : { path: 'fhir:id', [name]: value },
  ),
};

const ONE_TARGET: InvariantCase = {
  type: 'TestScript.setup.action.operation',
  keeps: [
    ...[
      { sourceId: 'fixture' },
      { sourceId: 'fixture', targetId: 'fixture', url: 'Patient/1' },
      { targetId: 'fixture' },
      { url: 'Patient/1' },
      { params: '?name=a' },
    ].map((target) => ({ type: { code: 'read' }, ...target })),
    ...['capabilities', 'search', 'transaction', 'history'].map((code) => ({ type: { code } })),
  ],
  breaks: [
    { type: { code: 'read' } },
    { type: { code: 'read' }, targetId: 'fixture', url: 'Patient/1' },
    { type: { code: 'read' }, url: 'Patient/1', params: '?name=a' },
  ],
};

const COMPARED_SOURCE: InvariantCase = {
  type: 'TestScript.setup.action.assert',
  keeps: [
    { compareToSourceId: 'fixture', compareToSourceExpression: 'id' },
    { compareToSourceId: 'fixture', compareToSourcePath: 'fhir:id' },
    { response: 'okay' },
  ],
  breaks: [{ compareToSourceId: 'fixture' }, { compareToSourceExpression: 'id' }, { compareToSourcePath: 'fhir:id' }],
};

const DIRECTED: InvariantCase = {
  type: 'TestScript.setup.action.assert',
  keeps: [{ direction: 'request' }, { direction: 'response', response: 'okay', responseCode: '200' }, { response: 'okay' }],
  breaks: [
    { direction: 'request', response: 'okay' },
    { direction: 'request', responseCode: '200' },
  ],
};

export const TEST_SCRIPT_CASES: InvariantCases = {
  'TestReport.inv-1': { type: 'TestReport.setup.action', ...operationOrAssert({ result: 'pass' }, { result: 'fail' }) },
  'TestReport.inv-2': { type: 'TestReport.test.action', ...operationOrAssert({ result: 'pass' }, { result: 'fail' }) },
  'TestScript.tst-1': { type: 'TestScript.setup.action', ...operationOrAssert({ url: 'Patient/1' }, { response: 'okay' }) },
  'TestScript.tst-2': { type: 'TestScript.test.action', ...operationOrAssert({ url: 'Patient/1' }, { response: 'okay' }) },
  'TestScript.tst-3': {
    type: 'TestScript.variable',
    keeps: [
      { expression: 'id' },
      { headerField: 'ETag' },
      { path: 'fhir:id' },
      { name: 'a' },
      { expression: 'id', path: 'fhir:id' },
      { expression: 'id', headerField: 'ETag' },
      { headerField: 'ETag', path: 'fhir:id' },
    ],
    breaks: [{ expression: 'id', headerField: 'ETag', path: 'fhir:id' }],
  },
  'TestScript.tst-4': {
    type: 'TestScript.metadata',
    keeps: [{ capability: [{ required: true }] }, { capability: [{ validated: false }] }],
    breaks: [{ capability: [{ description: 'A' }] }, { link: [{ url: 'https://example.org' }] }],
  },
  'TestScript.tst-5': SINGLE_ASSERTION,
  'TestScript.tst-6': SINGLE_ASSERTION,
  'TestScript.tst-7': ONE_TARGET,
  'TestScript.tst-8': ONE_TARGET,
  'TestScript.tst-9': ONE_TARGET,
  'TestScript.tst-10': COMPARED_SOURCE,
  'TestScript.tst-11': COMPARED_SOURCE,
  'TestScript.tst-12': DIRECTED,
  'TestScript.tst-13': DIRECTED,
};
