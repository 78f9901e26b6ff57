// What a database error means: run again, answer 503, or a fault of ours. Server messages carry values (PHI), so none leaves this file as it came.
import { setTimeout as delay } from 'node:timers/promises';
import { invalid, unavailable, writeContention } from '../../fhir/outcome.ts';

/** An error of the database that nobody expected: its SQLSTATE and where it points, without values. `position`: the character of the SQL, from 1. */
export class DatabaseError extends Error {
  readonly code: string;
  readonly position: number | undefined;

  constructor(code: string, where: string, position?: number) {
    super(`the database answered ${code}${where && ` on ${where}`}`);
    this.name = 'DatabaseError';
    this.code = code;
    this.position = position;
  }
}

const ATTEMPTS = 5;
/** serialization_failure, deadlock_detected. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const RETRYABLE = new Set(['40001', '40P01']);

const busy = () => unavailable('the database did not answer in time', 1);
const down = () => unavailable('the database cannot be reached', 5);
const outside = () => invalid('a number or a date is outside the range that can be stored');

/** SQLSTATE, or the code of a socket error → what is answered. */
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
  22003: outside,
  22008: outside,
};

/** What pg says of a connection that went away, also when knex puts the statement in front. */
const CONNECTION_LOST = /Connection terminated|connection error and is not queryable/;

interface DriverError {
  code?: string;
  name?: string;
  severity?: string;
  constraint?: string;
  table?: string;
  message?: string;
  position?: string;
}

/** The result, or the failure in the program's own terms. */
export async function translateErrors<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw toProgramError(error as DriverError);
  }
}

/**
 * PgBouncer has one code for all that ends a client's connection (a name it does not know, a server that went away, a wait that was too long). Its own words,
 * which hold no data, are the cause.
 */
const isEndedByPooler = ({ code, severity }: DriverError): boolean => code === '08P01' && severity === 'FATAL';

function toProgramError(error: DriverError): unknown {
  if (isEndedByPooler(error)) return Object.assign(down(), { cause: error.message });
  if (error.name === 'KnexTimeoutError') return busy();
  if (CONNECTION_LOST.test(error.message ?? '')) return down();
  if (error.code === undefined) return error;
  const known = ERRORS_BY_CODE[error.code];
  if (known) return known();
  if (error.severity === undefined) return error;
  return new DatabaseError(error.code, findErrorPlace(error), error.position === undefined ? undefined : Number(error.position));
}

/** Names of tables and constraints; the message itself only where it speaks of our SQL (class 42), not of data. */
function findErrorPlace({ code, constraint, table, message = '' }: DriverError): string {
  if (code?.startsWith('42')) return message;
  const named = constraint ?? table;
  // Citus passes a node's message on without the fields; in class 23 (integrity) the message holds names alone, and values are in its detail
  return named ?? (code?.startsWith('23') ? (/constraint "(\w+)"/.exec(message)?.[1] ?? '') : '');
}

/** Runs `work` again, after a short random wait, when the database gave it up for the sake of another transaction; 409 when that does not help. */
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
