import type { RequestHandler } from 'express';
import helmet from 'helmet';

/* What browsers are told to keep from doing with answers. */

const NOTHING = ["'none'"];
const OWN = ["'self'"];

/** Seconds for which a browser that has been here over TLS comes back only so. */
const STRICT = 365 * 24 * 3600;

const common = (isSecure: boolean) => ({
  // The host's other names are not ours to speak for.
  strictTransportSecurity: isSecure && { maxAge: STRICT, includeSubDomains: false },
  xFrameOptions: { action: 'deny' as const },
  // Of browsers that are gone.
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  xDnsPrefetchControl: false,
  originAgentCluster: false,
});

/** An answer of the API is for its caller, for now, and no page. */
export const forAnswers = (isSecure: boolean): RequestHandler => {
  const protect = helmet({
    ...common(isSecure),
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: NOTHING, frameAncestors: NOTHING },
    },
  });
  return (req, res, next) => {
    res.set('Cache-Control', 'no-store');
    protect(req, res, next);
  };
};

/** A page takes nothing from elsewhere; the icons of the viewer's style sheet are data URLs. */
export const forPages = (isSecure: boolean): RequestHandler => {
  const protect = helmet({
    ...common(isSecure),
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: NOTHING,
        scriptSrc: OWN,
        styleSrc: OWN,
        imgSrc: ["'self'", 'data:'],
        connectSrc: OWN,
        baseUri: NOTHING,
        formAction: NOTHING,
        frameAncestors: NOTHING,
      },
    },
  });
  return (req, res, next) => {
    res.removeHeader('Cache-Control');
    protect(req, res, next);
  };
};
