/** What the palette says. */
export const PALETTE = {
  action: "Action",
  page: "Page",
  places: { character: "Character", set: "Set", project: "Project", query: "Saved query", folder: "Folder" },
};
