/** What is being dragged within the page. Browsers keep the data of a drag secret until it is dropped: we know it. */
import type { Selected } from "../state/actions";
import type { Entry } from "../sidebar/rows";

export type Held = { selected: Selected; entries?: undefined } | { entries: readonly Entry[]; selected?: undefined };

class Drag {
  held = $state.raw<Held | null>(null);

  /** Begin dragging; `words` go along with the pointer. */
  begin({ dataTransfer }: DragEvent, held: Held, words: string): void {
    if (!dataTransfer) return;
    this.held = held;
    dataTransfer.effectAllowed = "copyMove";
    dataTransfer.setData("application/x-pixlstash", words);
    const label = document.createElement("div");
    label.className = "float held";
    label.textContent = words;
    document.body.append(label);
    dataTransfer.setDragImage(label, -12, -4);
    setTimeout(() => label.remove());
  }

  end(): void {
    this.held = null;
  }
}

export const drag = new Drag();
