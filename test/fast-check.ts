// fast-check with the same cases in every run, so that a change is judged by what it changes. FACET_TEST_SEED asks for others; a failure names its seed.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FACET_TEST_SEED ?? 20_261_122) });

export default fc;
