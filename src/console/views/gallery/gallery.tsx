// Every shared component in its states: for those who build views, and for the test of accessibility.
import { useState } from 'preact/hooks';
import { ApiError } from '../../api/api-error.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Diff } from '../../components/diff.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { Table } from '../../components/table.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { showToast } from '../../components/toast.tsx';

const TONES = ['neutral', 'good', 'warn', 'bad', 'accent'] as const;
const ROWS = [
  { id: 'a', name: 'Potassium', value: '4.10' },
  { id: 'b', name: 'Sodium', value: '140' },
];
const ERROR = new ApiError(422, [
  { text: 'birthDate must be a date', expression: 'Patient.birthDate' },
  { text: 'gender must be one of the codes' },
]);
const FAILURE = new ApiError(500, [{ text: 'the server failed with an unexpected error' }], { requestId: 'req_abc12345' });

export function View() {
  return (
    <>
      <header class="page-header">
        <h1>Components</h1>
        <p class="quiet">What views are built of.</p>
      </header>
      <Controls />
      <section class="panel" aria-labelledby="states">
        <h2 id="states">States</h2>
        <Skeleton lines={3} />
        <ErrorNotice error={ERROR} title="Save the patient" />
        <ErrorNotice error={FAILURE} title="Read the orders" retry={() => showToast({ text: 'Tried again' })} />
        <EmptyState icon="orders" title="No orders yet" actions={<Button variant="primary">Place an order</Button>}>
          <p>An order is an active ServiceRequest for a laboratory.</p>
        </EmptyState>
      </section>
      <Data />
    </>
  );
}

function Controls() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <section class="panel" aria-labelledby="controls">
      <h2 id="controls">Controls</h2>
      <div class="row">
        <Button variant="primary">Primary</Button>
        <Button>Plain</Button>
        <Button variant="danger">Danger</Button>
        <Button variant="quiet">Quiet</Button>
        <Button disabledReason="An example cannot be pressed.">Disabled</Button>
        <Button busy>Busy</Button>
        <Button icon="refresh" label="Reload" />
        <Button icon="check" pressed>
          Pressed
        </Button>
        <CopyButton text="copied text">Copy text</CopyButton>
        <Button onClick={() => setIsOpen(true)}>Open a dialog</Button>
        <Button onClick={() => showToast({ text: 'Saved version 2', action: { label: 'Undo', run: () => showToast({ text: 'Undone' }) } })}>
          Show a message
        </Button>
      </div>
      <div class="row">
        {TONES.map((tone) => (
          <Badge key={tone} tone={tone}>
            {tone}
          </Badge>
        ))}
      </div>
      <label class="field">
        <span>A text</span>
        <input type="text" placeholder="typed here" />
      </label>
      {isOpen && (
        <Dialog title="A dialog" onClose={() => setIsOpen(false)} actions={<Button onClick={() => setIsOpen(false)}>Done</Button>}>
          <p>Escape closes it.</p>
        </Dialog>
      )}
    </section>
  );
}

function Data() {
  const [tab, setTab] = useState('table');
  const tabs = [
    { name: 'table', title: 'Table' },
    { name: 'json', title: 'JSON' },
    { name: 'diff', title: 'Changes' },
  ];
  const columns = [
    { title: 'Name', cell: ({ name }: (typeof ROWS)[number]) => name },
    { title: 'Value', align: 'end' as const, cell: ({ value }: (typeof ROWS)[number]) => <code>{value}</code> },
  ];
  return (
    <section class="panel" aria-labelledby="data">
      <h2 id="data">Data</h2>
      <Tabs label="Kinds of data" tabs={tabs} current={tab} onSelect={setTab}>
        {tab === 'table' && <Table caption="Values" columns={columns} rows={ROWS} keyOf={({ id }) => id} />}
        {tab === 'json' && <JsonView label="an example" json={'{"value":1.00,"unit":"mmol/L","flags":[],"is":true}'} />}
        {tab === 'diff' && (
          <Diff
            label="an example"
            changes={[
              { path: 'name[0].family', before: 'Lovelace', after: 'King' },
              { path: 'gender', after: 'female' },
            ]}
          />
        )}
      </Tabs>
    </section>
  );
}
