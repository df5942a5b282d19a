import { z } from 'zod';

/*
 * The Coordinator's contract, specification 2.2.0, with the termination, aclInfo and
 * accessControlFields of 2.5.0. Unknown keys of a request are ignored.
 */

const descriptorKind = z
  .string()
  .toUpperCase()
  .pipe(
    z.enum([
      'DATAPRODUCT_DESCRIPTOR',
      'COMPONENT_DESCRIPTOR',
      'DATAPRODUCT_DESCRIPTOR_WITH_RESULTS',
    ]),
  );

export const ProvisioningRequest = z
  .object({
    descriptorKind,
    /** YAML text (JSON is YAML too). */
    descriptor: z.string().min(1),
    latestEnrichedDescriptor: z.string().nullish(),
    removeData: z.boolean().nullish(),
  })
  .meta({ id: 'ProvisioningRequest' });
export type ProvisioningRequest = z.infer<typeof ProvisioningRequest>;

/** POST /v2/validate: a ProvisioningRequest or, as in specification 2.1.0, a descriptor alone. */
export const ValidationRequest = z
  .object({
    descriptorKind: descriptorKind.nullish(),
    descriptor: z.string().min(1),
    latestEnrichedDescriptor: z.string().nullish(),
  })
  .meta({ id: 'ValidationRequest' });
export type ValidationRequest = z.infer<typeof ValidationRequest>;

export const ProvisionInfo = z
  .object({
    /** The descriptor of the last complete provisioning: JSON text, or YAML. */
    request: z.string().min(1),
    /** What came of it: the JSON text of a ProvisioningStatus, or a message. */
    result: z.string().nullish(),
  })
  .meta({ id: 'ProvisionInfo' });

export const UpdateAclRequest = z
  .object({
    /** Everybody who shall have access: `user:name.surname_domain.tld`, `group:name`. */
    refs: z.array(z.string()),
    provisionInfo: ProvisionInfo,
    accessControlFields: z.record(z.string(), z.unknown()).nullish(),
  })
  .meta({ id: 'UpdateAclRequest' });
export type UpdateAclRequest = z.infer<typeof UpdateAclRequest>;

export const ReverseProvisioningRequest = z
  .object({
    useCaseTemplateId: z.string().min(1),
    environment: z.string().min(1),
    /** What the wizard of the template asked for. */
    params: z.record(z.string(), z.unknown()).nullish(),
    /** The parsed catalog-info of the component. */
    catalogInfo: z.record(z.string(), z.unknown()).nullish(),
  })
  .meta({ id: 'ReverseProvisioningRequest' });
export type ReverseProvisioningRequest = z.infer<typeof ReverseProvisioningRequest>;

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

export const AclInfo = z
  .object({
    /** The ref that was granted access. */
    identity: z.string(),
    /** Whether Witboost's access control panel may not take it away. */
    locked: z.boolean(),
  })
  .meta({ id: 'AclInfo' });
export type AclInfo = z.infer<typeof AclInfo>;

export const Info = z
  .object({
    publicInfo: z.record(z.string(), PublicInfoEntry),
    /**
     * Comes back in `latestEnrichedDescriptor`; never a secret. Of a data product's run each key is
     * `<component>.<key>`.
     */
    privateInfo: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    aclInfo: z.array(AclInfo).optional(),
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

/** POST /v2/validate's verdict; the task may have COMPLETED with a descriptor that is not valid. */
export const ValidationInfo = z
  .object({
    publicInfo: ValidationResult,
    /** What was checked and what could not be, a line each. */
    privateInfo: z.object({ checks: z.array(z.string()) }).optional(),
  })
  .meta({ id: 'ValidationInfo' });
export type ValidationInfo = z.infer<typeof ValidationInfo>;

export const ValidationStatus = z
  .object({ status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']), info: ValidationInfo.optional() })
  .meta({ id: 'ValidationStatus' });
export type ValidationStatus = z.infer<typeof ValidationStatus>;

export const ReverseProvisioningStatus = z
  .object({
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
    /** Fields of the component by their path; empty while running, and when it failed. */
    updates: z.record(z.string(), z.unknown()),
    logs: z.array(Log).optional(),
  })
  .meta({ id: 'ReverseProvisioningStatus' });
export type ReverseProvisioningStatus = z.infer<typeof ReverseProvisioningStatus>;

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
