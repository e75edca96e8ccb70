/** What the keys do on the table. */
import { OFFERED } from "../engines/offered";
import { similar } from "../similarity/similar";
import { sizeOf, spread, stack, turn, unstack } from "../dialogs/arrange";
import { addPictures } from "../dialogs/choices";
import { shift } from "../dialogs/ordering.svelte";
import { tagPictures } from "../dialogs/tags";
import { picked } from "../snapshots/picked.svelte";
import { type Selected, redo, remove, restore, score, undo } from "../state/actions";
import { type Binding, keys } from "../state/keys";
import { library } from "../state/library.svelte";
import { prefs } from "../state/prefs.svelte";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import { counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";
import { chosen } from "./chosen";
import { STACKED } from "./frozen";
import type { Layout } from "./layout";

export interface Ground {
  layout(): Layout | null;
  /** Height of the screen and what is above it, in pixels. */
  page(): number;
  y(): number;
  focus(index: number): void;
  open(index: number): void;
  /** The picture that is meant when none is chosen, or -1. */
  target(): number;
  /** Whether the cursor can be seen. */
  inSight(): boolean;
}

/** Size of tiles, a step larger or smaller. */
export function resize(step: 1 | -1): void {
  prefs.set({ size: prefs.size * (step > 0 ? 1.15 : 1 / 1.15) });
  route.touch();
}

/** Register all of them; returns how to take them back. */
export function gridKeys(ground: Ground): () => void {
  return keys.add(
    ...moves(ground),
    ...choices(ground),
    ...changes(ground),
    ...returns(ground),
    ...orders(ground),
    ...looks(ground),
  );
}

function moves(ground: Ground): Binding[] {
  /** Column kept while going up and down. */
  let x = -1;

  const to = (index: number, extend: boolean) => {
    const { view } = table;
    if (!view?.count) return;
    const within = Math.min(view.count - 1, Math.max(0, index));
    if (extend) {
      table.choose((selection) => {
        if (!selection.reaching) selection.anchor = table.cursor;
        selection.reach(within);
      });
    }
    ground.focus(within);
  };

  const sideways = (by: number) => (extend: boolean) => {
    x = -1;
    to(table.cursor + by, extend);
  };

  const vertical = (rows: (layout: Layout, row: number) => number) => (extend: boolean) => {
    const layout = ground.layout();
    const box = layout?.box(table.cursor);
    if (!layout || !box) return;
    if (x < 0) x = box.left + box.width / 2;
    const row = Math.min(layout.rows - 1, Math.max(0, rows(layout, box.row)));
    to(row === box.row ? table.cursor : layout.nearest(row, x), extend);
  };

  const page = (direction: 1 | -1) =>
    vertical((layout, row) => {
      const there = layout.rowAt(layout.topOf(row) + direction * (ground.page() - 40));
      return there === row ? row + direction : there;
    });

  const end = (index: () => number) => (extend: boolean) => {
    x = -1;
    to(index(), extend);
  };

  const all: [key: string, label: string, move: (extend: boolean) => void][] = [
    ["ArrowLeft", "Previous or next", sideways(-1)],
    ["ArrowRight", "Previous or next", sideways(1)],
    ["ArrowUp", "Row above or below", vertical((_, row) => row - 1)],
    ["ArrowDown", "Row above or below", vertical((_, row) => row + 1)],
    ["PageUp", "A screen up or down", page(-1)],
    ["PageDown", "A screen up or down", page(1)],
    ["Home", "First or last picture", end(() => 0)],
    ["End", "First or last picture", end(() => (table.view?.count ?? 1) - 1)],
  ];
  const group = "Move";
  return all.flatMap(([key, label, move]): Binding[] => [
    {
      key,
      where: "grid",
      label,
      group,
      run: () => {
        // Scrolled away by wheel: the cursor starts from what is seen. Home and End mean the view anyway.
        const layout = ground.layout();
        if (layout && !ground.inSight() && key !== "Home" && key !== "End") {
          return ground.focus(layout.startOf(layout.rowAt(ground.y() + 8)));
        }
        if (ground.target() !== table.cursor && key.startsWith("Arrow") && document.activeElement === document.body) {
          return ground.focus(table.cursor); // nothing was focused: first show where the cursor is
        }
        move(false);
      },
    },
    { key, shift: true, where: "grid", label: "Extend the selection", group: "Select", run: () => move(true) },
  ]);
}

function choices(ground: Ground): Binding[] {
  const group = "Select";
  const choose = () => {
    const target = ground.target();
    if (target >= 0) table.choose((selection) => selection.toggle(target));
  };
  return [
    { key: " ", where: "grid", label: "Select or leave out", group, run: choose },
    { key: "a", ctrl: true, where: "grid", label: "Select all", group, run: () => table.choose((all) => all.all()) },
    {
      key: "Escape",
      where: "grid",
      label: "Select none",
      group,
      run: () => {
        if (!table.selection.size) return false;
        table.choose((selection) => selection.clear());
        return true;
      },
    },
    {
      key: "Enter",
      where: "grid",
      label: "Open",
      group: "Move",
      run: () => {
        const { activeElement } = document;
        if (activeElement instanceof HTMLButtonElement || activeElement instanceof HTMLAnchorElement) return false;
        const target = ground.target();
        if (target < 0) return false;
        ground.open(target);
        return true;
      },
    },
  ];
}

function changes(ground: Ground): Binding[] {
  const about =
    (act: (selected: Selected) => void, look = false) =>
    () => {
      if (library.readonly && !look)
        return void toasts.add({ text: "This library can only be looked at here", seconds: 4 });
      const selected = chosen(ground.target());
      if (selected) act(selected);
      else toasts.add({ text: "Choose a picture first: point at it, or use the arrow keys", seconds: 4 });
    };
  const digits = [1, 2, 3, 4, 5, 0];
  const scores = digits.map((n): Binding => {
    const run = about((selected) => void score(selected, n));
    const does = n ? counted(n, "star") : undefined;
    return { key: String(n), where: "grid", label: n ? "1 to 5 stars" : "Clear the score", does, group: "Score", run };
  });
  const advances = digits.map((n): Binding => {
    const run = about((selected) => {
      void score(selected, n);
      if (!table.selection.size) ground.focus(ground.target() + 1);
    });
    return { key: String(n), shift: true, where: "grid", label: "Score and go on", group: "Score", run };
  });
  const file = about((selected) => {
    const focused = ground.target() === table.cursor;
    void (library.inScrapheap ? restore(selected) : remove(selected));
    if (focused) ground.focus(table.cursor);
  });
  const belongs = (
    [
      ["s", "set", "Add to a set, or take out"],
      ["c", "character", "Say who is in it"],
      ["p", "project", "Move to a project"],
    ] as const
  ).map(([key, kind, label]): Binding => {
    return { key, where: "grid", label, group: "Change", run: about((selected) => addPictures(selected, kind)) };
  });
  const verbs: Binding[] = [
    ...scores,
    ...advances,
    { key: "t", where: "grid", label: "Tag, or take tags off", group: "Change", run: about(tagPictures) },
    ...belongs,
    ...OFFERED.map(({ kind, key, label }): Binding => {
      const run = about(async (selected) => (await import("../engines/menus")).runDefault(kind, selected));
      return { key, shift: true, where: "grid", label, group: "Change", run };
    }),
    { key: "k", where: "grid", label: "Stack, or show the stack", group: "Change", run: about(pile) },
    { key: "k", shift: true, where: "grid", label: "Unstack", group: "Change", run: about(apart) },
    {
      key: "ArrowRight",
      ctrl: true,
      where: "grid",
      label: "Turn",
      group: "Change",
      run: about((s) => void turn(s, 1)),
    },
    {
      key: "ArrowLeft",
      ctrl: true,
      where: "grid",
      label: "Turn",
      group: "Change",
      run: about((s) => void turn(s, -1)),
    },
    { key: "Delete", where: "grid", label: "To the scrapheap, or out of it", group: "Change", run: file },
  ];
  return [
    ...verbs.map((binding) => ({ ...binding, changes: true })),
    {
      key: "l",
      where: "grid",
      label: "Similar pictures",
      group: "Look",
      run: about((s) => void similar(s, "like"), true),
    },
    {
      key: "l",
      shift: true,
      where: "grid",
      label: "Similar faces",
      group: "Look",
      run: about((s) => void similar(s, "face"), true),
    },
    { key: "z", ctrl: true, where: "both", label: "Undo", group: "Change", run: () => void undo() },
    {
      key: "z",
      ctrl: true,
      shift: true,
      where: "both",
      label: "Redo",
      does: "Redo",
      group: "Change",
      run: () => void redo(),
    },
    { key: "y", ctrl: true, where: "both", label: "Redo", group: "Change", run: () => void redo() },
  ];
}

/** What was can be brought back. */
function returns(ground: Ground): Binding[] {
  const run = () => {
    const selected = library.returnable ? chosen(ground.target()) : null;
    if (selected) void picked.pictures(selected);
    else if (library.returnable)
      toasts.add({ text: "Choose a picture first: point at it, or use the arrow keys", seconds: 4 });
  };
  return library.past
    ? [{ key: "r", where: "grid", label: "Restore from here", group: "Change", changes: true, run }]
    : [];
}

/** In a set that is shown in its own order. Elsewhere these keys stay the browser's. */
function orders(ground: Ground): Binding[] {
  const ways = [
    ["ArrowLeft", -1],
    ["ArrowRight", 1],
    ["Home", "first"],
    ["End", "last"],
  ] as const;
  return ways.map(([key, to]): Binding => {
    const common = { key, alt: true, where: "grid", group: "Change", changes: true } as const;
    return { ...common, label: "Earlier or later in the set", run: () => shift(to, ground.target(), ground.focus) };
  });
}

function pile(selected: Selected): void {
  const first = selected.ranges[0]?.[0] ?? -1;
  if (sizeOf(selected) > 1) void stack(selected);
  else if ((selected.view.flagsAt(first) ?? 0) & STACKED) void spread(selected.view.idAt(first));
  else toasts.add({ text: "Choose two pictures at least to stack them", seconds: 4 });
}

function apart(selected: Selected): void {
  void unstack(selected);
}

function looks(ground: Ground): Binding[] {
  const group = "Look";
  return [
    {
      key: "Enter",
      ctrl: true,
      where: "grid",
      label: "Slide show",
      group,
      run: () => void import("../viewer/slideShow.svelte").then(({ slideShow }) => slideShow.begin(ground)),
    },
    { key: "+", where: "grid", label: "Larger or smaller tiles", does: "Larger tiles", group, run: () => resize(1) },
    { key: "-", where: "grid", label: "Larger or smaller tiles", does: "Smaller tiles", group, run: () => resize(-1) },
  ];
}
