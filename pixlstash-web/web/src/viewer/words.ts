import { counted } from "../ui/format";
import { shows } from "./originals";

/** The part of a picture that decides which sentence fits. */
export interface Told {
  kind: string;
  format: string;
  mime: string;
  why: string | null;
  locations: readonly { state: string }[];
}

/** A sentence why only the thumbnail is shown, or null where the original can be tried. */
export function whyThumbnail(picture: Told): string | null {
  const { locations } = picture;
  if (locations.length > 0 && locations.every((at) => at.state !== "present")) {
    return locations.some((at) => at.state === "unreachable")
      ? "The place that holds this file cannot be reached now. This is its thumbnail."
      : "The file is missing. This is its thumbnail.";
  }
  if (picture.kind !== "video" && !shows(picture.mime)) return cannotShow(picture.format);
  return null;
}

/** For an original that was tried and failed, or that no browser shows. */
export function cannotShow(format: string): string {
  const name = format ? format.toUpperCase() : "these";
  return `This browser cannot show ${name} files. This is the thumbnail; save the file to see all of it.`;
}

/** For a video that was tried: the container may be known and what is in it not. */
export function cannotPlay(format: string, codec: string | null): string {
  const inside = codec ? ` (${codec})` : "";
  return `This browser cannot play this ${format.toUpperCase()} video${inside}. This is a still; save the file to watch it.`;
}

/** What a picture is, for somebody who does not see it. */
export function describe(name: string, prompt: string | null, score: number): string {
  const words = prompt?.replace(/\s+/g, " ").trim() ?? "";
  const made = words ? `, made from the words: ${words.length > 160 ? `${words.slice(0, 160)}…` : words}` : "";
  return `${name}${score ? `, ${counted(score, "star")}` : ""}${made}`;
}
