/* Addresses that are told to people: in messages, in logs, in links. */

/** Whether an address has a user or a password in it, which whoever is told of it would see. */
export const hasUser = (url: string) => {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
};

export const NO_USER = 'must have neither a user nor a password in it';
