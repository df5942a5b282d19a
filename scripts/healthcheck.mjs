// The image's HEALTHCHECK: whether the program in this container is ready. That is the gateway, a worker,
// the codec server or the simulator, whichever listens, with TLS or without.
import http from 'node:http';
import https from 'node:https';

const { PORT, WORKER_PORT, CODEC_PORT, SIMULATOR_PORT } = process.env;

const PROBES = [
  `127.0.0.1:${PORT || '8093'}/readyz`,
  `127.0.0.1:${WORKER_PORT || '8094'}/readyz`,
  `127.0.0.1:${CODEC_PORT || '8095'}/livez`,
  `127.0.0.1:${SIMULATOR_PORT || '8000'}/api/public/v1/health`,
];

/** Milliseconds; the image gives a check 5 s. */
const PATIENCE = 4000;

/** Whether it is a success; undefined: nobody listens there. */
const answerOf = (get, url) =>
  new Promise((resolve) => {
    // Of the same container: no certificate is made out to its loopback.
    const options = { signal: AbortSignal.timeout(PATIENCE), rejectUnauthorized: false };
    get(url, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', ({ code }) => {
      resolve(code === 'ECONNREFUSED' ? undefined : false);
    });
  });

const both = (place) => [
  answerOf(http.get, `http://${place}`),
  answerOf(https.get, `https://${place}`),
];

const answers = await Promise.all(PROBES.flatMap(both));
process.exitCode = answers.includes(true) ? 0 : 1;
