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
  )
  .meta({
    description:
      'COMPONENT_DESCRIPTOR: a data product and which of its components is meant. DATAPRODUCT_DESCRIPTOR: the data product, all of whose Airbyte components are meant.',
  });

const descriptor = z.string().min(1).meta({ description: 'YAML text; JSON is YAML too.' });
const latestEnrichedDescriptor = z.string().nullish().catch(undefined).meta({
  description:
    'The data product as it was last provisioned, with the info of its components: says which Airbyte entities are theirs. Garbage in it is ignored.',
});

export const ProvisioningRequest = z
  .object({
    descriptorKind,
    descriptor,
    latestEnrichedDescriptor,
    removeData: z.boolean().nullish().meta({
      description:
        'Whether an unprovision also deletes what the pipeline wrote; if absent, it does not.',
    }),
  })
  .meta({ id: 'ProvisioningRequest' });
export type ProvisioningRequest = z.infer<typeof ProvisioningRequest>;

/** POST /v2/validate: a ProvisioningRequest or, as in specification 2.1.0, a descriptor alone. */
export const ValidationRequest = z
  .object({
    descriptorKind: descriptorKind.nullish(),
    descriptor,
    latestEnrichedDescriptor,
  })
  .meta({ id: 'ValidationRequest' });
export type ValidationRequest = z.infer<typeof ValidationRequest>;

export const ProvisionInfo = z
  .object({
    request: z.string().min(1).meta({
      description: 'The descriptor of the last complete provisioning: JSON text, or YAML.',
    }),
    result: z.string().nullish().meta({
      description: 'What came of it: the JSON text of a ProvisioningStatus, or a message.',
    }),
  })
  .meta({ id: 'ProvisionInfo' });

export const UpdateAclRequest = z
  .object({
    refs: z.array(z.string()).meta({
      description:
        'Everybody who shall have access, no more and no less: `user:name.surname_domain.tld`, `group:name`. Empty: nobody.',
    }),
    provisionInfo: ProvisionInfo,
    accessControlFields: z.record(z.string(), z.unknown()).nullish(),
  })
  .meta({ id: 'UpdateAclRequest' });
export type UpdateAclRequest = z.infer<typeof UpdateAclRequest>;

export const ReverseProvisioningRequest = z
  .object({
    useCaseTemplateId: z.string().min(1),
    environment: z.string().min(1),
    params: z
      .record(z.string(), z.unknown())
      .nullish()
      .meta({ description: 'What the wizard of the template asked for.' }),
    catalogInfo: z
      .record(z.string(), z.unknown())
      .nullish()
      .meta({ description: 'The parsed catalog-info of the component.' }),
  })
  .meta({ id: 'ReverseProvisioningRequest' });
export type ReverseProvisioningRequest = z.infer<typeof ReverseProvisioningRequest>;

export const Log = z
  .object({
    timestamp: z.iso.datetime(),
    level: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']),
    message: z.string(),
    phase: z.string().optional().meta({ description: 'The step of the run.' }),
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
    identity: z.string().meta({ description: 'The ref that was granted access.' }),
    locked: z.boolean().meta({
      description: 'Whether the access control panel of Witboost may not take it away.',
    }),
  })
  .meta({ id: 'AclInfo' });
export type AclInfo = z.infer<typeof AclInfo>;

export const Info = z
  .object({
    publicInfo: z
      .record(z.string(), PublicInfoEntry)
      .meta({ description: 'What the Marketplace shows.' }),
    privateInfo: z.record(z.string(), z.union([z.string(), z.array(z.string())])).meta({
      description:
        'Comes back in `latestEnrichedDescriptor`; never a secret. Of the run of a data product each key is `<component>.<key>`.',
    }),
    aclInfo: z.array(AclInfo).optional(),
  })
  .meta({ id: 'Info' });
export type Info = z.infer<typeof Info>;

export const ProvisioningStatus = z
  .object({
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'TERMINATING', 'TERMINATED']).meta({
      description: 'TERMINATING and TERMINATED are only told of runs that were ended by DELETE.',
    }),
    result: z.string().meta({ description: 'What came of it, for people.' }),
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
    privateInfo: z
      .object({ checks: z.array(z.string()) })
      .optional()
      .meta({ description: 'What was checked and what could not be, a line each.' }),
  })
  .meta({ id: 'ValidationInfo' });
export type ValidationInfo = z.infer<typeof ValidationInfo>;

export const ValidationStatus = z
  .object({
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']).meta({
      description:
        'COMPLETED: the verdict is in `info.publicInfo.valid`. FAILED: the validation itself broke.',
    }),
    info: ValidationInfo.optional(),
  })
  .meta({ id: 'ValidationStatus' });
export type ValidationStatus = z.infer<typeof ValidationStatus>;

export const ReverseProvisioningStatus = z
  .object({
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
    updates: z.record(z.string(), z.unknown()).meta({
      description: 'Fields of the component by their path; empty while running, and if it failed.',
    }),
    logs: z.array(Log).optional(),
  })
  .meta({ id: 'ReverseProvisioningStatus' });
export type ReverseProvisioningStatus = z.infer<typeof ReverseProvisioningStatus>;

/** 400, and whatever never reaches an operation (404, 413, 415). */
export const RequestValidationError = z
  .object({
    errors: z.array(z.string()).meta({
      description: 'Every problem: its path, its line where it has one, and what is wrong.',
    }),
    userMessage: z.string(),
    inputErrorField: z.string().optional().meta({ description: 'The path of the first problem.' }),
    moreInfo: ErrorMoreInfo,
  })
  .meta({ id: 'RequestValidationError' });
export type RequestValidationError = z.infer<typeof RequestValidationError>;

/** 500. */
export const SystemError = z
  .object({ error: z.string(), userMessage: z.string(), moreInfo: ErrorMoreInfo })
  .meta({ id: 'SystemError' });
export type SystemError = z.infer<typeof SystemError>;
