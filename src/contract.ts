import { z } from 'zod';

/*
 * The Coordinator's contract, specification 2.2.0, with the termination of 2.5.0. Unknown keys of a
 * request are ignored.
 */

export const ProvisioningRequest = z
  .object({
    descriptorKind: z
      .string()
      .toUpperCase()
      .pipe(
        z.enum([
          'DATAPRODUCT_DESCRIPTOR',
          'COMPONENT_DESCRIPTOR',
          'DATAPRODUCT_DESCRIPTOR_WITH_RESULTS',
        ]),
      ),
    /** YAML text (JSON is YAML too). */
    descriptor: z.string().min(1),
    latestEnrichedDescriptor: z.string().nullish(),
    removeData: z.boolean().nullish(),
  })
  .meta({ id: 'ProvisioningRequest' });
export type ProvisioningRequest = z.infer<typeof ProvisioningRequest>;

export const Log = z
  .object({
    timestamp: z.iso.datetime(),
    level: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']),
    message: z.string(),
    phase: z.string().optional(),
  })
  .meta({ id: 'Log' });
export type Log = z.infer<typeof Log>;

/** One line of the Marketplace's "Technical Information" card; it shows strings only. */
export const PublicInfoEntry = z
  .object({
    type: z.enum(['string', 'date']),
    label: z.string(),
    value: z.string(),
    href: z.string().optional(),
  })
  .meta({ id: 'PublicInfoEntry' });
export type PublicInfoEntry = z.infer<typeof PublicInfoEntry>;

export const Info = z
  .object({
    publicInfo: z.record(z.string(), PublicInfoEntry),
    /** Comes back in `latestEnrichedDescriptor`; never a secret. */
    privateInfo: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  })
  .meta({ id: 'Info' });
export type Info = z.infer<typeof Info>;

export const ProvisioningStatus = z
  .object({
    /** TERMINATING and TERMINATED are only told of runs that were terminated by DELETE. */
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'TERMINATING', 'TERMINATED']),
    result: z.string(),
    info: Info.optional(),
    logs: z.array(Log).optional(),
  })
  .meta({ id: 'ProvisioningStatus' });
export type ProvisioningStatus = z.infer<typeof ProvisioningStatus>;

export const ErrorMoreInfo = z
  .object({ problems: z.array(z.string()), solutions: z.array(z.string()) })
  .meta({ id: 'ErrorMoreInfo' });
export type ErrorMoreInfo = z.infer<typeof ErrorMoreInfo>;

export const ValidationResult = z
  .object({
    valid: z.boolean(),
    error: z.object({ errors: z.array(z.string()) }).optional(),
  })
  .meta({ id: 'ValidationResult' });
export type ValidationResult = z.infer<typeof ValidationResult>;

/** 400, and whatever never reaches an operation (404, 413, 415). */
export const RequestValidationError = z
  .object({
    errors: z.array(z.string()),
    userMessage: z.string(),
    inputErrorField: z.string().optional(),
    moreInfo: ErrorMoreInfo,
  })
  .meta({ id: 'RequestValidationError' });
export type RequestValidationError = z.infer<typeof RequestValidationError>;

/** 500. */
export const SystemError = z
  .object({ error: z.string(), userMessage: z.string(), moreInfo: ErrorMoreInfo })
  .meta({ id: 'SystemError' });
export type SystemError = z.infer<typeof SystemError>;
