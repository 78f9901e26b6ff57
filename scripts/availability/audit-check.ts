// Runs `facet audit verify` on the database of the servers.
import { execFile } from 'node:child_process';
import { buildEnvironment } from '../../test/journeys/program-environment.ts';
import { FACET } from '../histories/servers.ts';

/** What it prints if it finds a fault; undefined: it finds none. */
export const findAuditFault = (databaseUrl: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const env = buildEnvironment({ DATABASE_URL: databaseUrl });
    execFile(process.execPath, [FACET, 'audit', 'verify'], { env }, (error, stdout, stderr) =>
      resolve(error === null ? undefined : `facet audit verify: ${stdout}${stderr}`),
    );
  });
