// Finds a patient by name, telephone number, e-mail address, identifier or birth date.
import { useCallback, useState } from 'preact/hooks';
import { describePatient, findPatients, type Patient } from '../api/patients.ts';
import type { ReadOptions } from '../api/request.ts';
import { Combobox } from './combobox.tsx';
import type { ComboboxOption } from './use-options.ts';

export function PatientInput({ label, onChoose }: { label: string; onChoose: (id: string) => void }) {
  const [chosen, setChosen] = useState('');
  const find = useCallback(async (text: string, options: ReadOptions) => (await findPatients(text, options)).map(toOption), []);
  const choose = ({ value, title }: ComboboxOption): void => {
    setChosen(title);
    onChoose(value);
  };
  return (
    <Combobox label={label} text={chosen} find={find} isRemote onChoose={choose} placeholder="Name, telephone, identifier, birth date" />
  );
}

const toOption = (patient: Patient): ComboboxOption => ({
  value: patient.id,
  title: describePatient(patient),
  hint: [patient.birthDate && `born ${patient.birthDate}`, patient.telecom?.find(({ system }) => system === 'phone')?.value]
    .filter(Boolean)
    .join(' · '),
});
