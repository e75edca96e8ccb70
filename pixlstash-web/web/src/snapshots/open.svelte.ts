/** Whether the history of pictures through snapshots is unfolded: it stays so from picture to picture. */
export const past = $state({ open: false });
