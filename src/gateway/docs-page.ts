import path from 'node:path';
import express, { Router } from 'express';
import type { RequestHandler } from 'express';
import { stringify } from 'yaml';
import { DOCUMENTS } from '../openapi/document';
import type { openApi } from '../openapi/document';
import { noted, served } from './routes';

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

/** Made once for each document. Without aliases: not every reader of YAML follows them. */
const createYaml = () => {
  const known = new WeakMap<object, string>();
  return (document: object): string => {
    const yaml =
      known.get(document) ??
      stringify(document, { aliasDuplicateObjects: false, blockQuote: 'literal' });
    known.set(document, yaml);
    return yaml;
  };
};

/** Serves the document of now as JSON and as YAML, and the page at `/docs/`. */
export const docsRoutes = (
  document: () => ReturnType<typeof openApi>,
  protect: RequestHandler,
): Router => {
  const router = Router();
  const yamlOf = createYaml();
  router.use('/docs', protect, noted('getDocs', DOCUMENTS.getDocs.path));
  router.use(
    served(DOCUMENTS, {
      getOpenApi: (_req, res) => void res.json(document()),
      getOpenApiYaml: (_req, res) => void res.type('application/yaml').send(yamlOf(document())),
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
