/** The whole screen for the page, where the browser allows it. */

class FullScreen {
  on = $state(false);
  /** Called when the reader leaves it. */
  onleave: () => void = () => {};

  constructor() {
    document.addEventListener("fullscreenchange", () => {
      const was = this.on;
      this.on = document.fullscreenElement !== null;
      if (was && !this.on) this.onleave();
    });
  }

  readonly possible = document.fullscreenEnabled;

  enter(): void {
    if (this.possible) void document.documentElement.requestFullscreen().catch(() => undefined);
  }

  leave(): void {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  }

  toggle(): void {
    if (this.on) this.leave();
    else this.enter();
  }
}

export const screen = new FullScreen();
