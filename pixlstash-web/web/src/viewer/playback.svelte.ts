/** What moves in the viewer: a video, or an animation, which browsers run by themselves and which can only be held. */

/** A clip this short goes round and round, as an animation does; in seconds. */
const LOOP = 20;
/** How far a key seeks, in seconds; a short clip is crossed in ten steps. */
const STEP = 5;
const SOUND = "pixlstash.sound";

export class Playback {
  kind = $state<"video" | "animation" | null>(null);
  paused = $state(true);
  /** Of a video, in seconds. */
  time = $state(0);
  duration = $state(0);
  muted = $state(true);
  #led = false;
  #video: HTMLVideoElement | null = null;

  /** The reader set a video going: until it stops, the arrows seek in it. One that began by itself is passed by. */
  get leads(): boolean {
    return this.#led && this.#video?.paused === false;
  }

  /** Another picture is open. What moves begins by itself, unless the reader asked for rest. */
  open(kind: Playback["kind"]): void {
    this.kind = kind;
    this.#led = false;
    this.time = this.duration = 0;
    this.paused = kind !== "animation" || wantsRest();
  }

  /** Play in this element; returns how to leave it, which ends its download. */
  attach(video: HTMLVideoElement): () => void {
    this.#video = video;
    this.muted = video.muted = !wantsSound();
    let frame = 0;
    const tick = () => {
      this.time = video.currentTime;
      if (!video.paused) frame = requestAnimationFrame(tick);
    };
    const hear: Partial<Record<keyof HTMLMediaElementEventMap, () => void>> = {
      play: () => {
        this.paused = false;
        tick();
      },
      pause: () => (this.paused = true),
      seeked: tick,
      durationchange: () => {
        this.duration = Number.isFinite(video.duration) ? video.duration : 0;
        video.loop = this.duration <= LOOP;
      },
      volumechange: () => (this.muted = video.muted),
    };
    for (const [name, run] of Object.entries(hear)) video.addEventListener(name, run);
    if (!wantsRest()) void this.#play();
    return () => {
      cancelAnimationFrame(frame);
      for (const [name, run] of Object.entries(hear)) video.removeEventListener(name, run);
      video.removeAttribute("src");
      video.load();
      if (this.#video === video) this.#video = null;
    };
  }

  /** Play or pause, by the reader's hand. */
  toggle(): void {
    this.#led = true;
    if (this.kind === "animation") this.paused = !this.paused;
    else if (this.#video?.paused) void this.#play();
    else this.#video?.pause();
  }

  /** Go to this second. */
  seek(to: number): void {
    if (!this.#video) return;
    this.#led = true;
    this.time = this.#video.currentTime = Math.min(this.duration, Math.max(0, to));
  }

  step(direction: 1 | -1): void {
    this.seek(this.time + direction * Math.min(STEP, this.duration / 10));
  }

  /** Sound on or off, for this video and those to come. */
  sound(): void {
    if (!this.#video) return;
    this.#led = true;
    this.#video.muted = !this.#video.muted;
    try {
      localStorage.setItem(SOUND, this.#video.muted ? "off" : "on");
    } catch {
      // private windows may refuse: then every video begins silent
    }
  }

  /** The frame on the screen, for copying. */
  get frame(): HTMLVideoElement | null {
    return this.#video && this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? this.#video : null;
  }

  async #play(): Promise<void> {
    const video = this.#video;
    if (!video) return;
    if (video.error) this.#again(video);
    try {
      await video.play();
    } catch (error) {
      // Nobody has touched the page yet: browsers then let only silent videos begin.
      if (!(error instanceof DOMException && error.name === "NotAllowedError") || video.muted) return;
      video.muted = true;
      await video.play().catch(() => undefined);
    }
  }

  /** The connection was lost: read on where it stopped. */
  #again(video: HTMLVideoElement): void {
    const at = this.time;
    video.load();
    video.currentTime = at;
  }
}

function wantsRest(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function wantsSound(): boolean {
  try {
    return localStorage.getItem(SOUND) === "on";
  } catch {
    return false;
  }
}
