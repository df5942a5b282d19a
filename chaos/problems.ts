/** Something that is not as it should be, and the tokens whose histories tell why. */
export interface Problem {
  what: string;
  tokens: string[];
}

export type Problems = ReturnType<typeof createProblems>;

/** Each problem once: what is wrong in Airbyte is seen again at every look. */
export const createProblems = () => {
  const found = new Map<string, Problem>();
  return {
    add: (whats: string[], tokens: string[] = []) => {
      for (const what of whats) if (!found.has(what)) found.set(what, { what, tokens });
    },
    all: () => [...found.values()],
  };
};
