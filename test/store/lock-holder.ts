// A process that takes the lock of a data directory and prints `held`, or the reason for the failure. Started by data-directory.test.ts.
import { lockDirectory } from '../../src/store/database/data-directory.ts';

const [directory, seconds] = process.argv.slice(2) as [string, string];
try {
  await lockDirectory(directory, (request) => {
    if (request === 'fail') throw new Error('that went wrong');
    return { heard: request, pid: process.pid };
  });
  console.log('held');
  setTimeout(() => process.exit(), Number(seconds) * 1000);
} catch (error) {
  console.log((error as Error).message);
}
