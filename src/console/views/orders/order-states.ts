// The states of an order as the board shows them, from the status of its Task. https://hl7.org/fhir/R4/task.html#statemachine
import type { ServiceRequest, Task } from '../../api/orders.ts';

type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent';

export interface OrderColumn {
  name: string;
  title: string;
  tone: Tone;
  /** The values of Task.status. */
  statuses: string[];
  /** What an empty column means. */
  empty: string;
}

export const COLUMNS: OrderColumn[] = [
  { name: 'waiting', title: 'Waiting', tone: 'warn', statuses: ['draft', 'requested'], empty: 'Nothing waits to be sent.' },
  { name: 'held', title: 'On hold', tone: 'bad', statuses: ['on-hold'], empty: 'Nothing waits for a person.' },
  {
    name: 'received',
    title: 'Received',
    tone: 'accent',
    statuses: ['received', 'accepted', 'ready'],
    empty: 'The laboratory has no new order.',
  },
  { name: 'progress', title: 'In progress', tone: 'accent', statuses: ['in-progress'], empty: 'No sample is on its way.' },
  { name: 'completed', title: 'Completed', tone: 'good', statuses: ['completed'], empty: 'No order is completed.' },
  {
    name: 'ended',
    title: 'Not done',
    tone: 'neutral',
    statuses: ['rejected', 'cancelled', 'failed', 'entered-in-error'],
    empty: 'No order was rejected, cancelled or failed.',
  },
];

/** An unknown status is in progress. */
export const findColumn = (task: Task | undefined): OrderColumn =>
  COLUMNS.find(({ statuses }) => statuses.includes(task?.status ?? 'requested')) ?? COLUMNS[3]!;

/** The last part of the network's status in words (`collecting_sample.walk_in_test.appointment_pending`: appointment pending). */
export const describeNetworkStatus = (status: string): string => status.split('.').at(-1)!.replaceAll('_', ' ');

/** What the network says of an order; the text of the status where it says nothing. */
export function describeTask(task: Task): string {
  const network = task.businessStatus?.coding?.[0]?.code ?? task.businessStatus?.text;
  return network === undefined ? task.status.replaceAll('-', ' ') : describeNetworkStatus(network);
}

/** Whether nothing more happens to the order by itself. */
export const hasEnded = (task: Task | undefined): boolean => ['completed', 'ended'].includes(findColumn(task).name);

/** The name of the ordered test. */
export const describeTest = ({ code }: ServiceRequest): string =>
  code?.text ?? code?.coding?.find(({ display }) => display)?.display ?? code?.coding?.[0]?.code ?? 'a test without a code';
