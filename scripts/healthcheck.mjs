// The image's HEALTHCHECK: whether the program in this container is ready. That is the gateway, a worker,
// the codec server or a simulator, whichever listens.
import https from 'node:https';

const { PORT, WORKER_PORT, CODEC_PORT, SIMULATOR_PORT } = process.env;
const { SNOWFLAKE_SIMULATOR_PORT, DATABRICKS_SIMULATOR_PORT } = process.env;

const PROBES = [
  `http://127.0.0.1:${PORT || '8093'}/readyz`,
  `http://127.0.0.1:${WORKER_PORT || '8094'}/readyz`,
  `http://127.0.0.1:${CODEC_PORT || '8095'}/livez`,
  `http://127.0.0.1:${SIMULATOR_PORT || '8000'}/api/public/v1/health`,
  `http://127.0.0.1:${SNOWFLAKE_SIMULATOR_PORT || '8097'}/_simulator`,
  `http://127.0.0.1:${DATABRICKS_SIMULATOR_PORT || '8098'}/_simulator`,
];

/** Milliseconds; the image gives a check 5 s. */
const PATIENCE = 4000;

/** Of a listener with a certificate, which is for its callers' name of it and not for this one. */
const answerOverTls = (url) =>
  new Promise((resolve) => {
    const options = { rejectUnauthorized: false, timeout: PATIENCE };
    const request = https.get(url.replace('http:', 'https:'), options, (res) => {
      res.resume();
      resolve(res.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });

/** undefined: nobody listens there. */
const answerOf = async (url) => {
  try {
    const { ok } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    return ok;
  } catch (err) {
    return err.cause?.code === 'ECONNREFUSED' ? undefined : answerOverTls(url);
  }
};

const answers = await Promise.all(PROBES.map(answerOf));
process.exitCode = answers.find((answer) => answer !== undefined) ? 0 : 1;
