/** Keep what is looked for under a name. */
import { library } from "../state/library.svelte";
import { edit, save } from "../state/groups";
import { partOf, placeOf } from "../sidebar/place";
import { entriesOf } from "../sidebar/rows";
import { fold } from "../ui/fold";
import { route } from "../state/route.svelte";
import { toasts } from "../ui/toasts.svelte";
import { type Option, picker } from "./picker.svelte";

/** Ask for a name; that of a saved query gives it this text instead of its own. */
export function chooseName(text: string): void {
  if (!text.trim()) return void toasts.add({ text: "Search for something first, then save it", seconds: 4 });
  picker.open({
    title: "Save as a query",
    placeholder: "Name of the query",
    verbs: { plain: "saves" },
    find: (name) => {
      const own = placeOf(text).parts;
      const queries = library.sidebar ? [...entriesOf(library.sidebar).values()] : [];
      const found = queries.filter(
        (entry) => entry.kind === "query" && !own.includes(entry.part) && fold(entry.name).includes(fold(name)),
      );
      const options = found.map((entry): Option => ({ key: entry.part, label: entry.name, hint: "replace", entry }));
      const taken = queries.some((entry) => entry.kind === "query" && fold(entry.name) === fold(name));
      return name && !taken ? [{ key: "new", label: name, hint: "new query", fresh: true }, ...options] : options;
    },
    async pick([option]) {
      if (!option) return;
      const done = option.entry ? await edit(option.entry, { text }) : await save(option.label, text);
      if (done) route.go({ q: partOf("query", option.label) });
    },
  });
}
