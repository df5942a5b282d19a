import path from 'node:path';
import express, { Router } from 'express';
import { stringify } from 'yaml';
import { DOCUMENTS } from '../openapi/document';
import type { openApi } from '../openapi/document';
import { served } from './routes';

/* The OpenAPI document, and a page that shows it. The page takes nothing from anywhere else. */

const VIEWER = path.dirname(require.resolve('swagger-ui-dist/package.json'));
/** All that the page needs of the viewer; the rest of the package is not served. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Airbyte Specific Provisioner</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" type="image/png" href="favicon-32x32.png">
<div id="page"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</html>
`;

// One click must not provision: operations that change something are to be read, not tried out.
const START = `SwaggerUIBundle({
  url: '../openapi.json',
  dom_id: '#page',
  deepLinking: true,
  supportedSubmitMethods: ['get'],
  validatorUrl: null,
});
`;

/** The icons of the viewer's style sheet are data URLs. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the document as JSON and as YAML, and the page at `/docs/`. */
export const docsRoutes = (document: ReturnType<typeof openApi>): Router => {
  const router = Router();
  // Without aliases: not every reader of YAML follows them.
  const yaml = stringify(document, { aliasDuplicateObjects: false, blockQuote: 'literal' });
  router.use('/docs', (_req, res, next) => {
    res.set({ 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  router.use(
    served(DOCUMENTS, {
      getOpenApi: (_req, res) => void res.json(document),
      getOpenApiYaml: (_req, res) => void res.type('application/yaml').send(yaml),
      getDocs: (req, res) => {
        // The page's own addresses are relative, so that it works behind any prefix.
        if (req.path.endsWith('/')) res.type('html').send(PAGE);
        else res.redirect('docs/');
      },
    }),
  );
  for (const file of FILES) router.use(`/docs/${file}`, express.static(path.join(VIEWER, file)));
  router.use('/docs/start.js', (_req, res) => void res.type('js').send(START));
  return router;
};
