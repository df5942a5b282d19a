import type { Finding } from '../../src/contract/drift';

/* What to do about what a check for drift finds. */

export const REMEDIES: Record<Finding['kind'], string> = {
  missing: 'Run "provisioner drift --repair", or deploy the component again.',
  changed:
    'Run "provisioner drift --repair --changed", or deploy the component again: it is then put back as its descriptor says.',
  foreign: 'Until it is another one, or handed over, the component cannot be deployed.',
  duplicate: 'Delete all but one by hand in Airbyte: until then the component cannot be deployed.',
  orphaned: 'Nothing of the component should be there: undeploy it, or delete this in Airbyte.',
  unfinished: 'A removal has not completed: undeploy the component again.',
  untraced:
    'Temporal remembers no run that made it. Deploy the component again to have it compared; if nobody needs it, undeploy it.',
};

/** About who reads former data by us, and not the present. */
export const REMEDY_OF_FORMER_READERS =
  'Ask for access to the component again (updateacl): whom that does not name loses the former data, too.';

/** About what people had by us, which only a request for access gives. */
export const REMEDY_OF_READERS =
  'Somebody has taken it from them in the fabric: ask for access to the component again (updateacl), with those who are to have it.';

/** About what was made for the components of a domain. */
export const REMEDY_OF_UNUSED =
  'It was made for components of this domain, and none of them has anything in it: undeploy with removeData what it was made for, or look what else is in it, and have it dropped.';

/** About what is left in a fabric. */
export const REMEDIES_OF_REMAINS = {
  ...REMEDIES,
  orphaned:
    'Nothing of the component should be there: undeploy it again, with removeData where its data is to go, or have it dropped.',
  untraced:
    'Temporal remembers no run that made it. Deploy the component again to have it compared; if nobody needs it, undeploy it, with removeData where its data is to go.',
};
