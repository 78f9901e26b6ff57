// Cases of the constraints of datatypes. https://hl7.org/fhir/R4/datatypes.html, https://hl7.org/fhir/R4/metadatatypes.html
import { contact, extension, type InvariantCases, quantity, UCUM } from './values.ts';

export const DATATYPE_CASES: InvariantCases = {
  'Age.age-1': {
    type: 'Age',
    keeps: [quantity(4, 'a'), { system: UCUM, code: 'a' }, { code: 'a', value: 4 }],
    breaks: [{ value: 4 }, { value: 4, code: 'a', system: 'https://example.org/units' }, quantity(0, 'a'), quantity(-1, 'a')],
  },
  'Attachment.att-1': {
    type: 'Attachment',
    keeps: [{ data: 'AAAA', contentType: 'image/png' }, { url: 'https://example.org' }],
    breaks: [{ data: 'AAAA' }],
  },
  'ContactPoint.cpt-2': { type: 'ContactPoint', keeps: [contact, { use: 'home' }], breaks: [{ value: '555-0100' }] },
  'Count.cnt-3': {
    type: 'Count',
    keeps: [quantity(3, '1'), { code: '1' }],
    breaks: [{ value: 3 }, quantity(3, 'mg'), quantity(3.5, '1'), { value: 3, code: '1', system: 'https://example.org' }],
  },
  'DataRequirement.drq-1': {
    type: 'DataRequirement.codeFilter',
    keeps: [{ path: 'code' }, { searchParam: 'code' }],
    breaks: [{ path: 'code', searchParam: 'code' }, { id: 'a' }],
  },
  'DataRequirement.drq-2': {
    type: 'DataRequirement.dateFilter',
    keeps: [{ path: 'date' }, { searchParam: 'date' }],
    breaks: [{ path: 'date', searchParam: 'date' }, { id: 'a' }],
  },
  'Distance.dis-1': {
    type: 'Distance',
    keeps: [quantity(2, 'km'), {}],
    breaks: [{ value: 2 }, { value: 2, code: 'km', system: 'https://example.org' }],
  },
  'Duration.drt-1': {
    type: 'Duration',
    keeps: [quantity(3, 'h'), { value: 3, unit: 'hours' }],
    breaks: [
      { code: 'h', system: UCUM },
      { value: 3, code: 'h', system: 'https://example.org' },
    ],
  },
  'Expression.exp-1': {
    type: 'Expression',
    keeps: [{ expression: 'true' }, { reference: 'https://example.org' }],
    breaks: [{ language: 'text/fhirpath' }],
  },
  'Period.per-1': {
    type: 'Period',
    keeps: [
      { start: '2020', end: '2020' },
      { start: '2020-01-01', end: '2020-01-02' },
      { start: '2021' },
      { end: '2019' },
      { start: '2021', _end: { extension } },
    ],
    breaks: [
      { start: '2021', end: '2020' },
      { start: '2020-02', end: '2020-01' },
      { start: '2020-01-02', end: '2020-01-01' },
    ],
  },
  'Quantity.qty-3': { type: 'Quantity', keeps: [quantity(1), { value: 1, unit: 'mg' }], breaks: [{ value: 1, code: 'mg' }] },
  'Range.rng-2': {
    type: 'Range',
    keeps: [{ low: quantity(1), high: quantity(1) }, { low: quantity(1) }, {}],
    breaks: [{ low: quantity(2), high: quantity(1) }],
  },
  'Ratio.rat-1': {
    type: 'Ratio',
    keeps: [{ numerator: quantity(1), denominator: quantity(2) }, { extension }],
    breaks: [{ numerator: quantity(1) }, { denominator: quantity(1) }, { id: 'a' }],
  },
  'SimpleQuantity.sqty-1': { type: 'SimpleQuantity', keeps: [quantity(1)], breaks: [{ ...quantity(1), comparator: '<' }] },
  'Timing.tim-1': { type: 'Timing.repeat', keeps: [{ duration: 1, durationUnit: 'h' }, { count: 1 }], breaks: [{ duration: 1 }] },
  'Timing.tim-2': { type: 'Timing.repeat', keeps: [{ period: 1, periodUnit: 'h' }, { count: 1 }], breaks: [{ period: 1 }] },
  'Timing.tim-4': { type: 'Timing.repeat', keeps: [{ duration: 0 }, {}], breaks: [{ duration: -1 }] },
  'Timing.tim-5': { type: 'Timing.repeat', keeps: [{ period: 0 }, {}], breaks: [{ period: -0.5 }] },
  'Timing.tim-6': { type: 'Timing.repeat', keeps: [{ periodMax: 2, period: 1 }, {}], breaks: [{ periodMax: 2 }] },
  'Timing.tim-7': { type: 'Timing.repeat', keeps: [{ durationMax: 2, duration: 1 }, {}], breaks: [{ durationMax: 2 }] },
  'Timing.tim-8': { type: 'Timing.repeat', keeps: [{ countMax: 2, count: 1 }, {}], breaks: [{ countMax: 2 }] },
  'Timing.tim-9': {
    type: 'Timing.repeat',
    keeps: [{ offset: 30, when: ['ACM'] }, { when: ['C'] }, {}],
    breaks: [{ offset: 30 }, { offset: 30, when: ['CM'] }],
  },
  'Timing.tim-10': {
    type: 'Timing.repeat',
    keeps: [{ timeOfDay: ['10:00:00'] }, { when: ['C'] }],
    breaks: [{ timeOfDay: ['10:00:00'], when: ['C'] }],
  },
  'TriggerDefinition.trd-1': {
    type: 'TriggerDefinition',
    keeps: [{ data: [{ type: 'Patient' }] }, { timingDate: '2020' }],
    breaks: [{ data: [{ type: 'Patient' }], timingDate: '2020' }],
  },
  'TriggerDefinition.trd-2': {
    type: 'TriggerDefinition',
    keeps: [{ condition: { language: 'text/fhirpath', expression: 'true' }, data: [{ type: 'Patient' }] }, {}],
    breaks: [{ condition: { language: 'text/fhirpath', expression: 'true' } }],
  },
  'TriggerDefinition.trd-3': {
    type: 'TriggerDefinition',
    keeps: [
      { type: 'named-event', name: 'a' },
      { type: 'periodic', timingDate: '2020' },
      { type: 'data-added', data: [{ type: 'Patient' }] },
    ],
    breaks: [{ type: 'named-event' }, { type: 'periodic' }, { type: 'data-added' }, { type: 'data-changed', name: 'a' }],
  },
};
