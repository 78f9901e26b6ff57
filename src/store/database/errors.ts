// Classifies database errors: retry, return 503, or report a defect. Messages of the database server contain values (PHI), so this file never passes them on
// unchanged.
import { setTimeout as delay } from 'node:timers/promises';
import { FhirError, invalid, unavailable, writeContention } from '../../fhir/outcome.ts';

/** An unexpected database error: its SQLSTATE and the table or constraint, without values. `position`: the character in the SQL, counted from 1. */
export class DatabaseError extends Error {
  readonly code: string;
  readonly position: number | undefined;

  constructor(code: string, where: string, position?: number) {
    super(`the database returned error ${code}${where && ` on ${where}`}`);
    this.name = 'DatabaseError';
    this.code = code;
    this.position = position;
  }
}

/**
 * Whether the database has refused a statement for several, so that it has done nothing: one of them is the reason, and the others can be done without it. After a
 * lost connection it is not known what was done. A fault of the statement itself (class 42), or of the database server (XX), is no refusal.
 */
export const isRefusal = (error: unknown): boolean =>
  error instanceof DatabaseError
    ? !/^(42|XX)/.test(error.code)
    : error instanceof FhirError && (error.kind === 'invalid' || error.kind === 'conflict');

const ATTEMPTS = 5;
/** serialization_failure, deadlock_detected. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const RETRYABLE = new Set(['40001', '40P01']);

const busy = () => unavailable('the database did not respond in time', 1);
const down = () => unavailable('the database cannot be reached', 5);
const outsideRange = () => invalid('a number or a date is outside the range that can be stored');

/** SQLSTATE, or the code of a socket error → the error of the response. */
const ERRORS_BY_CODE: Record<string, () => Error> = {
  57014: busy,
  '55P03': busy,
  53300: busy,
  '57P01': down,
  '57P02': down,
  '57P03': down,
  '08000': down,
  '08003': down,
  '08006': down,
  ECONNREFUSED: down,
  ECONNRESET: down,
  EPIPE: down,
  ETIMEDOUT: down,
  ENOTFOUND: down,
  22003: outsideRange,
  22008: outsideRange,
};

/** pg's own messages, which have no severity, for a connection that is lost or cannot be opened in time. knex may put the statement in front of them. */
const CONNECTION_LOST = /Connection terminated|connection error and is not queryable|timeout expired/;

interface DriverError {
  code?: string;
  name?: string;
  severity?: string;
  constraint?: string;
  table?: string;
  message?: string;
  position?: string;
}

/** Returns the result, or throws the failure as an error of the program. */
export async function translateErrors<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw toProgramError(error);
  }
}

/**
 * PgBouncer has one code for every reason to close a client's connection (unknown database name, lost server, wait too long). Its message contains no data
 * and becomes the cause of the error.
 */
const isEndedByPooler = ({ code, severity }: DriverError): boolean => code === '08P01' && severity === 'FATAL';

/** An error of a driver as an error of the program. Any other error is returned as it is. */
export function toProgramError(thrown: unknown): unknown {
  // all fields are optional, so any error fits
  const error = thrown as DriverError;
  if (isEndedByPooler(error)) return Object.assign(down(), { cause: error.message });
  if (error.name === 'KnexTimeoutError') return busy();
  if (error.severity === undefined && CONNECTION_LOST.test(error.message ?? '')) return down();
  if (error.code === undefined) return error;
  const known = ERRORS_BY_CODE[error.code];
  if (known) return known();
  if (error.severity === undefined) return error;
  return new DatabaseError(error.code, findErrorPlace(error), error.position === undefined ? undefined : Number(error.position));
}

/** The name of the constraint or table. The message itself is returned only for errors in our SQL (class 42), whose messages contain no data. */
function findErrorPlace({ code, constraint, table, message = '' }: DriverError): string {
  if (code?.startsWith('42')) return message;
  const named = constraint ?? table;
  // Citus passes on a node's message without the fields. In class 23 (integrity), the message contains only names; the detail has the values.
  return named ?? (code?.startsWith('23') ? (/constraint "(\w+)"/.exec(message)?.[1] ?? '') : '');
}

/** Repeats `work` after a short random wait when the database aborted it in favour of another transaction. After five attempts: 409. */
export async function retrySerializationFailures<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseError) || !RETRYABLE.has(error.code)) throw error;
    }
    await delay(Math.random() * 20 * 2 ** attempt);
  }
  throw writeContention('other requests kept changing the same resources: try again');
}
