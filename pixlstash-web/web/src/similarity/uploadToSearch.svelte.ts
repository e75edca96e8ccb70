/** What is brought to the search box, by paste or drop: it searches, and nothing is imported. */
import { because } from "../api/client";
import { idsOf } from "../state/actions";
import { drag } from "../ui/drag.svelte";
import { toasts } from "../ui/toasts.svelte";
import { held, pictureIn } from "./queryImages.svelte";
import type { Like } from "./likes";

const MOST = 50;

export class UploadToSearch {
  /** Something that can be searched with is held over the box. */
  over = $state(false);
  /** A picture is on its way to the server. */
  sending = $state(false);

  /** @param take what to be like is brought */
  constructor(private readonly take: (likes: Like[]) => void) {}

  paste = (event: ClipboardEvent): void => {
    const file = pictureIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation(); // else it would be imported
    void this.#send(file);
  };

  dragover = (event: DragEvent): void => {
    if (!drag.held && !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    this.over = true;
  };

  dragleave = (event: DragEvent): void => {
    const inside = event.currentTarget instanceof Node && event.currentTarget.contains(event.relatedTarget as Node);
    if (!inside) this.over = false;
  };

  drop = (event: DragEvent): void => {
    this.over = false;
    if (!drag.held && !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    if (drag.held) return void this.#held();
    const file = pictureIn(event.dataTransfer);
    if (file) void this.#send(file);
    else toasts.add({ text: "Only a picture can be searched with", seconds: 4 });
  };

  async #held(): Promise<void> {
    const { selected, entries } = drag.held ?? {};
    drag.end();
    const like = (source: string, id: number): Like => ({ by: "like", source, value: String(id), weight: 1 });
    const groups = entries?.filter(({ kind }) => kind === "set" || kind === "character") ?? [];
    try {
      const ids = selected ? await idsOf(selected) : [];
      this.take([
        ...ids.slice(0, MOST).map((id) => like("picture", id)),
        ...groups.map(({ kind, id }) => like(kind, id)),
      ]);
    } catch (error) {
      toasts.bad(because(error));
    }
  }

  async #send(file: File): Promise<void> {
    this.sending = true;
    try {
      const token = await held.hold(file);
      this.take([{ by: "like", source: "upload", value: token, weight: 1 }]);
    } catch (error) {
      toasts.bad(because(error));
    } finally {
      this.sending = false;
    }
  }
}
