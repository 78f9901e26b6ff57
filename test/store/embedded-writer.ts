// A process that writes resources into an embedded database and prints the number of each confirmed one. Killed by embedded.test.ts.
import { lockDirectory } from '../../src/store/database/data-directory.ts';
import { migrate } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createStore } from '../../src/store/sql-store.ts';
import { AT, createOf } from './resource-changes.ts';

const database = await openDatabase({ embedded: await lockDirectory(process.argv[2]!) });
await migrate(database, AT);
const store = createStore(database);
for (let n = 0; ; n++) {
  await store.write(1, [createOf(`p${n}`)]);
  console.log(n);
}
