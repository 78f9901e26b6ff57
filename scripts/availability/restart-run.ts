// Rolling restarts under load: each server in turn is stopped and started again, as a deployment does, while clients send requests through a load balancer.
import { startServers } from '../histories/servers.ts';
import { type HealthCheck, startBalancer } from './balancer.ts';
import { type Kind, type Sent, startWorkload } from './workload.ts';

interface RestartRun {
  restarts: number;
  rate: number;
  servers: number;
  drainSeconds: number;
  check: HealthCheck;
  signal: NodeJS.Signals;
  /** A response that takes longer is a failure. */
  patienceMs: number;
  /** Called after each restart. */
  onRestart?: (restart: number, failed: number) => void;
}

interface RestartFigures {
  sent: Sent[];
  failed: Sent[];
  confirmed: number;
  lost: string[];
  /** How often a process ended with each exit code or signal. */
  exits: Record<string, number>;
  seconds: number;
}

const KINDS: Kind[] = ['FHIR read', 'FHIR create', 'FHIR search', 'Loop read', 'FHIR read', 'FHIR create', 'FHIR search', 'Loop create'];

export async function restartUnderLoad(run: RestartRun): Promise<RestartFigures> {
  const servers = await startServers(run.servers, {
    FACET_DRAIN_SECONDS: String(run.drainSeconds),
    FACET_RATE_LIMITS: '{"clinik":null,"jump":null,"loop":null}',
  });
  const closing: (() => void)[] = [];
  try {
    const ports = servers.bases().map((base) => Number(new URL(base).port));
    const balancer = await startBalancer(ports, run.check);
    closing.push(balancer.close);
    const load = await startWorkload({
      port: balancer.port,
      keys: servers.keys.demo,
      rate: run.rate,
      patience: run.patienceMs,
      kinds: KINDS,
    });
    closing.unshift(load.close);
    const failedOf = (): Sent[] => load.sent.filter(({ isRight }) => !isRight);
    const exits: Record<string, number> = {};
    const began = performance.now();
    for (let n = 0; n < run.restarts; n++) {
      const end = await servers.restart(n % run.servers, run.signal);
      exits[end] = (exits[end] ?? 0) + 1;
      await balancer.waitFor(ports[n % run.servers]!);
      run.onRestart?.(n + 1, failedOf().length);
    }
    const seconds = (performance.now() - began) / 1000;
    await load.stop();
    return { sent: load.sent, failed: failedOf(), confirmed: load.listConfirmed().length, lost: await load.findLost(), exits, seconds };
  } finally {
    for (const close of closing) close();
    await servers.stop();
  }
}
