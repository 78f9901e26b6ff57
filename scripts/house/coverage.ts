// V8's own count of the functions that run in another process, asked through its inspector.
import { once } from 'node:events';

export interface Coverage {
  /** How many files and functions ran while `work` was done. */
  count(work: () => Promise<unknown>): Promise<{ files: number; functions: number }>;
  close(): void;
}

interface ScriptCoverage {
  url: string;
  functions: { ranges: { count: number }[] }[];
}

/** `isCounted` says which scripts count, by their URLs. */
export async function openCoverage(debuggerUrl: string, isCounted: (url: string) => boolean): Promise<Coverage> {
  const socket = new WebSocket(debuggerUrl);
  await once(socket, 'open');
  let lastId = 0;
  const send = (method: string, params: object = {}): Promise<{ result: ScriptCoverage[] }> =>
    new Promise((resolve) => {
      const id = ++lastId;
      const listen = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result: { result: ScriptCoverage[] } };
        if (message.id !== id) return;
        socket.removeEventListener('message', listen);
        resolve(message.result);
      };
      socket.addEventListener('message', listen);
      socket.send(JSON.stringify({ id, method, params }));
    });
  await send('Profiler.enable');
  await send('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return {
    async count(work) {
      await send('Profiler.takePreciseCoverage');
      await work();
      const { result } = await send('Profiler.takePreciseCoverage');
      const ran = result
        .filter(({ url }) => isCounted(url))
        .map(({ functions }) => functions.filter(({ ranges }) => ranges[0]!.count > 0).length)
        .filter((functions) => functions > 0);
      return { files: ran.length, functions: ran.reduce((sum, functions) => sum + functions, 0) };
    },
    close: () => socket.close(),
  };
}
