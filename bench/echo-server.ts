import { createServer } from 'node:http';
import express from 'express';

/** The least that takes JSON and answers JSON with Express: the floor of POST /v1/validate. */
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/', (_req, res) => {
  res.json({});
});
app.post('/', express.json({ limit: 2 * 1024 * 1024 }), (req, res) => {
  res.json(req.body);
});
createServer(app).listen(Number(process.env.PORT), '127.0.0.1');
