// Tests that install packages are skipped if no package registry responds.
import { spawnSync } from 'node:child_process';

const answers = spawnSync('npm', ['ping'], { timeout: 20_000 }).status === 0;

export const withRegistry = (title: string, run: () => Promise<void>): void =>
  answers ? test(title, run) : test.skip(`${title} (skipped: no package registry answers)`, run);
