// Runs the steps of a Dockerfile without a container engine: each stage is a folder, which contains what is copied and run.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

interface Stage {
  root: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  healthcheck: string[];
  entrypoint: string[];
  command: string[];
}

/** The image: its last stage. `folder`: `workdir` on this machine. */
export interface Image extends Stage {
  folder: string;
}

/** Runs all steps, from the project's folder into `target`. An instruction that is not known here is an Error. */
export function buildImage(dockerfile: string, target: string, env: NodeJS.ProcessEnv): Image {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const [, name = '', rest = ''] of readInstructions(dockerfile)) {
    if (name === 'FROM') {
      const called = / AS (\w+)$/.exec(rest)?.[1] ?? 'image';
      stage = { root: join(target, called), workdir: '/', env: {}, user: 'root', healthcheck: [], entrypoint: [], command: [] };
      mkdirSync(stage.root, { recursive: true });
      stages.set(called, stage);
    } else {
      const run = INSTRUCTIONS[name];
      if (!run || !stage) throw new Error(`${name} is not known here`);
      run(stage, rest, { stages, env });
    }
  }
  return { ...stage!, folder: join(stage!.root, stage!.workdir) };
}

const readInstructions = (dockerfile: string): IterableIterator<RegExpMatchArray> =>
  readFileSync(dockerfile, 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .matchAll(/^([A-Z]+)\s+(.+)$/gm);

type Run = (stage: Stage, rest: string, built: { stages: Map<string, Stage>; env: NodeJS.ProcessEnv }) => void;

const INSTRUCTIONS: Record<string, Run> = {
  ENV: (stage, rest) => Object.assign(stage.env, Object.fromEntries(rest.split(' ').map((one) => one.split('=')))),
  WORKDIR: (stage, rest) => {
    stage.workdir = rest;
    mkdirSync(join(stage.root, rest), { recursive: true });
  },
  COPY: (stage, rest, { stages }) => {
    const words = rest.split(' ');
    const from = words[0]!.startsWith('--from=') ? stages.get(words.shift()!.slice('--from='.length))!.root : resolve('.');
    const to = join(stage.root, stage.workdir, words.pop()!);
    for (const word of words) {
      const source = join(from, word);
      cpSync(source, statSync(source).isDirectory() ? to : join(to, basename(word)), { recursive: true, verbatimSymlinks: true });
    }
  },
  RUN: (stage, rest, { env }) =>
    void execFileSync('sh', ['-c', rest], { cwd: join(stage.root, stage.workdir), env: { ...env, ...stage.env }, stdio: 'pipe' }),
  USER: (stage, rest) => {
    stage.user = rest;
  },
  EXPOSE: () => {},
  HEALTHCHECK: (stage, rest) => {
    stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('[')));
  },
  ENTRYPOINT: (stage, rest) => {
    stage.entrypoint = JSON.parse(rest);
  },
  CMD: (stage, rest) => {
    stage.command = JSON.parse(rest);
  },
};
