/** What the search box says. */
export const SEARCH = {
  label: "Search",
  placeholder: "Search: words, model:flux1-dev, score:>=4",
  meaning: "Search for what these words mean",
  save: "Save as a query",
  clear: "Clear the search",
  list: "Suggestions",
  recent: "Recent",
  forget: "Clear recent searches",
};

/** Queries that show what can be searched for, with what each finds. */
export const EXAMPLES: readonly { query: string; finds: string }[] = [
  { query: "score:>=4", finds: "4 stars or more" },
  { query: "created:30d", finds: "Last 30 days" },
  { query: "-is:tagged", finds: "Without tags" },
];
