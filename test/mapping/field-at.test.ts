// Finds the vendor's field for the FHIRPath expression of an error.
import { shapes, toQualifiedName } from './examples.ts';

const fieldAt = (shape: string, expression: string): string | undefined =>
  shapes.find((one) => toQualifiedName(one) === shape)!.shape.findField(expression);

test.each([
  ['loop/lab-order', 'ServiceRequest.subject', 'patient_id'],
  ['loop/lab-order', 'ServiceRequest.contained[0].address[0].state', 'address.state'],
  ['loop/lab-order', 'ServiceRequest.contained[0].address[0].line[0]', 'address.line1'],
  ['loop/lab-order', 'ServiceRequest.contained[0].address[0].line[1]', 'address.line2'],
  ['loop/lab-order', 'Patient.address.line', 'address.line1'],
  ['loop/lab-order', 'Patient.name.given', 'patient.first_name'],
  ['loop/lab-order', "Patient.telecom.where(system='email').value", 'patient.email'],
  ['loop/lab-order', 'ServiceRequest.contained[0].birthDate', 'patient.dob'],
  ['loop/patient', "Patient.telecom.where(system='phone').value", 'phone'],
  ['clinik/practitioner-role', 'PractitionerRole.notAvailable[1].during', 'notAvailable.during'],
  ['clinik/practitioner-role', 'PractitionerRole.notAvailable[1].during.end', 'notAvailable.during.end'],
  ['clinik/practitioner-role', 'PractitionerRole.period', 'period'],
  ['clinik/practitioner-role', 'PractitionerRole.active', 'active'],
])('%s: %s is %s', (shape, expression, field) => expect(fieldAt(shape, expression)).toBe(field));

test.each([
  ['a place that no field writes', 'loop/lab-order', "Patient.telecom.where(system='phone').value"],
  ['a place that two fields write', 'loop/patient', 'Patient.telecom'],
])('%s leads to no field', (_what, shape, expression) => expect(fieldAt(shape, expression)).toBeUndefined());
