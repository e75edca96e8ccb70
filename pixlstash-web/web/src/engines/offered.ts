/** The engines with keys. They stand apart from the menus, which are loaded when one opens. */
import type { OutputKind } from "./words";

/** The kinds that people choose from a menu, and the key that, with Shift, runs the default one. */
export const OFFERED: readonly { kind: OutputKind; key: string; label: string }[] = [
  { kind: "tag", key: "t", label: "Tag with the default engine" },
  { kind: "caption", key: "d", label: "Describe with the default engine" },
  { kind: "face", key: "f", label: "Find faces with the default engine" },
];
