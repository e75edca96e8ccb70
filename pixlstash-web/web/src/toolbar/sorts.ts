/** The orders a view can have, in words. */
export const SORTS: readonly { name: string; label: string }[] = [
  { name: "-created", label: "Newest" },
  { name: "created", label: "Oldest" },
  { name: "-imported", label: "Last added" },
  { name: "imported", label: "First added" },
  { name: "-score", label: "Best score" },
  { name: "score", label: "Lowest score" },
  { name: "name", label: "Name, A to Z" },
  { name: "-name", label: "Name, Z to A" },
  { name: "-size", label: "Largest file" },
  { name: "size", label: "Smallest file" },
  { name: "-pixels", label: "Most pixels" },
  { name: "pixels", label: "Fewest pixels" },
  { name: "rarity", label: "Rarest tag" },
  { name: "relevance", label: "Best match" },
  { name: "outlier", label: "Unlike the others" },
  { name: "random", label: "Random" },
];

/** The order that people gave a set's pictures; only a set has one. */
export const BY_HAND = { name: "hand", label: "By hand" };

/** Of what is like something; nothing else has it. */
export const BY_LIKENESS = { name: "likeness", label: "Likest" };

export const USUAL_SORT = "-created";
