// Builds the OpenAPI document of the console's API below /console/api. https://spec.openapis.org/oas/v3.1.0

type Json = Record<string, unknown>;

const TEXT = { type: 'string' };
const listOf = (items: Json): Json => ({ type: 'array', items });
const schema = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const closed = (properties: Json, optional: string[] = []): Json => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
  additionalProperties: false,
});

const FIELD = closed({
  name: {
    ...TEXT,
    description: 'the name of the field: patient.last_name, phones[0].number. A list of objects has an entry of its own: phones',
  },
  fhir: { ...listOf(TEXT), description: 'the FHIRPaths of the field in the mapping' },
  mapping: { ...TEXT, description: 'the file and line of the mapping: loop/patient.yaml:12' },
  elements: {
    ...listOf(schema('Element')),
    description: 'the elements that the field shows: it would show something else with another value there',
  },
  conditions: { ...listOf(schema('Element')), description: 'the elements that decide which of them it shows' },
});

const ELEMENT = closed(
  {
    path: { ...TEXT, description: 'JSON names with indexes: name[0].given[1]' },
    resource: { ...TEXT, description: 'the other resource that has the element, where it is not the resource itself: PractitionerRole/1' },
    contained: { ...TEXT, description: 'the id of the contained resource that has the element' },
  },
  ['resource', 'contained'],
);

const SHAPE = {
  shape: { ...TEXT, description: 'the name of the mapping' },
  path: { ...TEXT, description: 'the path of an item in the API of the vendor' },
};
const FACE = closed(
  {
    ...SHAPE,
    item: { ...TEXT, description: 'the key of the item, where the items of a shape are elements of a resource: the state of a licence' },
    change: { enum: ['PUT', 'PATCH'], description: "how the vendor's API changes the item; absent: the face can only be read" },
    view: { type: 'object', description: "the item as the vendor's API shows it" },
    fields: listOf(schema('Field')),
  },
  ['item', 'change'],
);
const WITHHELD = closed({
  ...SHAPE,
  needs: { ...listOf(TEXT), description: 'the face shows other resources, too, and the credential lacks these scopes' },
});

const FACES = closed({
  resource: { type: 'object', description: 'the FHIR resource' },
  version: TEXT,
  faces: {
    type: 'object',
    description: 'surface → the views of the resource by its shapes. A surface that shows no such resource is absent',
    additionalProperties: listOf({ anyOf: [schema('Face'), schema('WithheldFace')] }),
  },
  unshown: {
    ...listOf(TEXT),
    description: 'the elements that no field of these faces shows. Of an element of which nothing is shown, only its own path is listed',
  },
});

const EDIT = closed(
  {
    type: { ...TEXT, description: 'the FHIR type' },
    id: { ...TEXT, description: 'the id of the resource in FHIR' },
    version: { ...TEXT, description: 'the version on which the edit is based' },
    surface: { ...TEXT, description: 'fhir, or the surface whose face was edited' },
    shape: { ...TEXT, description: 'the face of the surface; not for fhir' },
    content: { type: 'object', description: 'the whole edited face: the resource, or the view' },
  },
  ['shape'],
);

const CHANGE = closed(
  {
    path: { ...TEXT, description: 'JSON names with indexes; empty for the whole value' },
    before: { description: 'absent: it is added' },
    after: { description: 'absent: it is removed' },
  },
  ['before', 'after'],
);

const SAVED_FACE = closed(
  {
    shape: TEXT,
    item: TEXT,
    view: { type: ['object', 'null'], description: 'null: the resource would not have this face any more' },
    changes: listOf(schema('Change')),
  },
  ['item'],
);

const SAVED = closed({
  resource: { type: 'object', description: 'the resource that would be saved' },
  changes: { ...listOf(schema('Change')), description: 'its differences from the current version, without versionId and lastUpdated' },
  faces: {
    type: 'object',
    description: 'surface → its faces after the write, with their differences. Faces for which the credential lacks scopes are left out',
    additionalProperties: listOf(schema('SavedFace')),
  },
});

const PROBLEM = closed(
  {
    severity: { enum: ['fatal', 'error', 'warning', 'information'] },
    code: TEXT,
    text: { ...TEXT, description: 'the rule, and the remedy' },
    expression: { ...listOf(TEXT), description: "where: the vendor's fields, or FHIRPaths for an edit in FHIR" },
  },
  ['expression'],
);

const WRITE = closed({
  method: { enum: ['PUT', 'PATCH'] },
  path: { ...TEXT, description: "below the base of the FHIR API or of the vendor's API" },
  ifMatch: { ...TEXT, description: 'the header If-Match' },
  body: {},
});

const PREVIEW = closed(
  {
    write: { ...WRITE, description: 'the request that saves the edit' },
    status: { type: 'integer', description: 'the status that this request would get' },
    problems: { ...listOf(schema('Problem')), description: 'why it would be refused; empty: it would be accepted' },
    saved: schema('Saved'),
  },
  ['saved'],
);

const SOURCE = closed({ file: { ...TEXT, description: 'loop/patient.yaml' }, text: { ...TEXT, description: 'YAML' } });

const OUTLINED_FIELD = {
  name: { ...TEXT, description: 'patient.last_name, or phones[].number for a field of the members of a list' },
  elements: {
    ...listOf(TEXT),
    description:
      'the FHIR elements that it shows or stores, by their JSON names: Patient.telecom.value. Empty: the server or the request has its value',
  },
};

const CODE = closed(
  {
    word: { ...TEXT, description: 'the word of the vendor; absent: every other word' },
    code: { ...TEXT, description: 'the stored value, as the mapping names it; absent: the word is stored as it is' },
    use: {
      enum: ['both', 'synonym', 'read', 'other'],
      description:
        'both: read and written; synonym: written, and the word is kept beside the code; read: read only; other: for every word that is not listed',
    },
  },
  ['word', 'code'],
);

const EXPLAINED_FIELD = closed(
  {
    ...OUTLINED_FIELD,
    type: { ...TEXT, description: 'the JSON type: string, boolean, string[], object[]' },
    format: TEXT,
    codec: { ...TEXT, description: 'how the value is converted' },
    access: {
      enum: ['read-write', 'read', 'write', 'create', 'update'],
      description: 'write: only in requests; create, update: only such a request sets it',
    },
    required: { type: 'boolean' },
    paths: {
      ...listOf(TEXT),
      description: 'the FHIRPaths of the mapping: of several, the first with a value is read and the first is written',
    },
    mapping: { ...TEXT, description: 'the file and line: loop/patient.yaml:12' },
    foundBy: { ...listOf(TEXT), description: 'the FHIR search parameters with its value; absent for fields of the members of a list' },
    codes: listOf(schema('Code')),
  },
  ['format', 'codec', 'foundBy'],
);

const SHAPE_FACTS = {
  shape: { ...TEXT, description: 'the name of the mapping' },
  resource: { ...TEXT, description: 'the FHIR type' },
  about: TEXT,
  forPatients: { type: 'boolean', description: 'true: only keys that are restricted to a patient may use it' },
  endpoints: listOf(closed({ method: TEXT, path: { ...TEXT, description: "as in the vendor's documents" }, summary: TEXT })),
};
const OUTLINED_SHAPE = closed({ ...SHAPE_FACTS, fields: listOf(closed(OUTLINED_FIELD)) }, ['about']);
const EXPLAINED_SHAPE = closed(
  {
    ...SHAPE_FACTS,
    preferences: { ...listOf(TEXT), description: 'which of several names, addresses and numbers is shown' },
    fields: listOf(schema('ExplainedField')),
    filters: {
      ...listOf(closed({ name: TEXT, search: { ...TEXT, description: '{} is the value' } })),
      description: 'the query parameters of its list, and the FHIR search of each',
    },
    losses: closed({
      unshown: { ...listOf(TEXT), description: 'the elements of the type that no field shows. They are kept' },
      partial: { ...listOf(closed({ element: TEXT, shown: TEXT })), description: 'the elements that are shown in part. The rest is kept' },
      changed: {
        ...listOf(closed({ field: TEXT, how: TEXT })),
        description: 'the fields that are stored in another form than they are sent in',
      },
    }),
    source: SOURCE,
  },
  ['about'],
);

const SURFACE = closed(
  {
    surface: { ...TEXT, description: 'the name of the surface' },
    title: TEXT,
    documentation: { ...TEXT, description: "the address of the vendor's documents" },
    hosts: listOf(TEXT),
    mounts: {
      ...listOf(TEXT),
      description: 'the paths of this server below which its endpoints are, besides the documented paths themselves',
    },
    auth: closed({ scheme: { enum: ['api-key', 'bearer'] }, header: TEXT, prefix: { ...TEXT, description: 'how its keys begin' } }),
    systems: { type: 'object', additionalProperties: TEXT, description: 'the names that its mappings give to code systems and other URLs' },
    shapes: listOf(schema('OutlinedShape')),
    source: SOURCE,
  },
  ['documentation'],
);

const SCHEMAS: Json = {
  Surface: SURFACE,
  OutlinedShape: OUTLINED_SHAPE,
  ExplainedShape: EXPLAINED_SHAPE,
  ExplainedField: EXPLAINED_FIELD,
  Code: CODE,
  Edit: EDIT,
  Preview: PREVIEW,
  Saved: SAVED,
  SavedFace: SAVED_FACE,
  Change: CHANGE,
  Problem: PROBLEM,
  Faces: FACES,
  Face: FACE,
  WithheldFace: WITHHELD,
  Field: FIELD,
  Element: ELEMENT,
  Failure: closed({ error: TEXT, message: { ...TEXT, description: 'one sentence with the remedy' } }),
};

const FAILURE: Json = { description: 'What is wrong, and the remedy.', content: { 'application/json': { schema: schema('Failure') } } };
const failures = (statuses: string[]): Json => Object.fromEntries(statuses.map((status) => [status, FAILURE]));
const parameter = (name: string, description: string, example: string): Json => ({
  in: 'path',
  name,
  description,
  required: true,
  schema: TEXT,
  example,
});
const content = (name: string, example?: Json): Json => ({
  'application/json': { schema: schema(name), ...(example && { examples: { request: { summary: 'an example', value: example } } }) },
});

const EXAMPLE = {
  type: 'Patient',
  id: '01936b00-0000-7000-8000-0000000000aa',
  version: '1',
  surface: 'fhir',
  content: { resourceType: 'Patient', id: '01936b00-0000-7000-8000-0000000000aa', name: [{ family: 'Byron', given: ['Ada'] }] },
};

const READ_FAILURES = failures(['400', '401', '403', '404', '405', '429', '503']);
const SURFACE_NAME = parameter('surface', 'the name of the surface', 'loop');
const MAPPINGS_SCOPE =
  'No data of a tenant: a credential of the FHIR API opens all mappings, whatever its scopes are, and a key of a surface those of its surface.';

const MAPPING_PATHS: Json = {
  '/mappings': {
    get: {
      operationId: 'listSurfaces',
      tags: ['mappings'],
      summary: 'List the surfaces with their shapes',
      description: `Each field with the FHIR elements that it shows. ${MAPPINGS_SCOPE}`,
      responses: {
        200: { description: 'OK', content: { 'application/json': { schema: closed({ surfaces: listOf(schema('Surface')) }) } } },
        ...READ_FAILURES,
      },
    },
  },
  '/mappings/{surface}': {
    get: {
      operationId: 'readSurface',
      tags: ['mappings'],
      summary: 'Read a surface with its shapes',
      description: MAPPINGS_SCOPE,
      parameters: [SURFACE_NAME],
      responses: { 200: { description: 'OK', content: content('Surface') }, ...READ_FAILURES },
    },
  },
  '/mappings/{surface}/{shape}': {
    get: {
      operationId: 'explainShape',
      tags: ['mappings'],
      summary: 'Explain a shape',
      description: `Its fields, codes, filters and losses, and its file: what facet mapping explain prints. ${MAPPINGS_SCOPE}`,
      parameters: [SURFACE_NAME, parameter('shape', 'the name of the shape', 'patient')],
      responses: { 200: { description: 'OK', content: content('ExplainedShape') }, ...READ_FAILURES },
    },
  },
};

const PATHS: Json = {
  ...MAPPING_PATHS,
  '/faces/{type}/{id}': {
    get: {
      operationId: 'readFaces',
      tags: ['faces'],
      summary: 'Read a resource and all its faces',
      description:
        'Needs the read scope of the type. A face that shows other resources needs the search scopes of their types; without them, needs names them.',
      parameters: [parameter('type', 'the FHIR type', 'Patient'), parameter('id', 'the id of the resource', EXAMPLE.id)],
      responses: {
        200: { description: 'OK', content: content('Faces') },
        ...failures(['400', '401', '403', '404', '405', '410', '429', '503']),
      },
    },
  },
  '/preview': {
    post: {
      operationId: 'previewEdit',
      tags: ['previews'],
      summary: 'Preview an edited face',
      description:
        'Runs the write with all its checks and takes it back: nothing is saved. Needs the read and update scopes of the type. 412: the edit is not based on the current version.',
      requestBody: { required: true, content: content('Edit', EXAMPLE) },
      responses: {
        200: { description: 'OK', content: content('Preview') },
        ...failures(['400', '401', '403', '404', '405', '410', '412', '413', '415', '429', '503']),
      },
    },
  },
};

/** `url`: of the server, with /console/api. */
export const buildConsoleOpenApi = ({ version, url }: { version: string; url: string }): Json => ({
  openapi: '3.1.0',
  info: {
    title: 'Console',
    version,
    description:
      'What the console shows and no other API has: the faces of a resource, previews of edits, and what the mappings are. Needs a key or an access token of the FHIR API.',
  },
  servers: [{ url, description: 'this server' }],
  security: [{ key: [] }],
  tags: [{ name: 'faces' }, { name: 'previews' }, { name: 'mappings' }],
  paths: PATHS,
  components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } }, schemas: SCHEMAS },
});
