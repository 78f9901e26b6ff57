// The environment of a program that a test or a script starts.

/** The settings, and what a program needs to run at all. Nothing else of the environment of this process is passed on. */
export const buildEnvironment = (
  settings: Readonly<Record<string, string>>,
  { PATH = '', HOME = '', TMPDIR }: NodeJS.ProcessEnv = process.env,
): Record<string, string> => ({ PATH, HOME, ...(TMPDIR && { TMPDIR }), ...settings });
