// The image's HEALTHCHECK: whether the program in this container is ready. That is the gateway, a worker
// or the simulator, whichever listens.
const { PORT, WORKER_PORT, SIMULATOR_PORT } = process.env;

const PROBES = [
  `http://127.0.0.1:${PORT || '8093'}/readyz`,
  `http://127.0.0.1:${WORKER_PORT || '8094'}/readyz`,
  `http://127.0.0.1:${SIMULATOR_PORT || '8000'}/api/public/v1/health`,
];

/** Milliseconds; the image gives a check 5 s. */
const PATIENCE = 4000;

/** undefined: nobody listens there. */
const answerOf = async (url) => {
  try {
    const { ok } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    return ok;
  } catch (err) {
    return err.cause?.code === 'ECONNREFUSED' ? undefined : false;
  }
};

const answers = await Promise.all(PROBES.map(answerOf));
process.exitCode = answers.find((answer) => answer !== undefined) ? 0 : 1;
